from pipeline.data.keys import Key
from pipeline.tracking.runs import Run, RunDescription
from pipeline.tracking.store import Store
from pipeline.training.history import Point

LOSS = Key("loss")


def history(store: Store, run_id: str, key: str) -> list[tuple[int, float]]:
    return [(metric.step, metric.value) for metric in store.client.get_metric_history(run_id, key)]


def test_points_come_out_as_they_went_in(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        run.log(Point(Key.parse("train/loss"), 1 / step, step) for step in range(1, 4))
    assert history(store, run.run_id, "train/loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)]


def test_a_point_logged_twice_stands_once(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        run.log([Point(LOSS, 1.0, 1), Point(LOSS, 2.0, 1)])
        run.flush()
        run.log([Point(LOSS, 3.0, 1)])
    assert history(store, run.run_id, "loss") == [(1, 1.0)]


def test_a_resumed_run_takes_the_whole_history_again_and_holds_no_point_twice(store: Store) -> None:
    points = [Point(Key(key), float(step), step) for key in ("a", "b") for step in range(5)]
    with Run(store, RunDescription(name="a"), system_metrics=False) as first:
        first.log(points[:7])
    with Run(store, RunDescription(name="a"), resume=first.run_id, system_metrics=False) as second:
        second.log(points)
    assert [len(history(store, first.run_id, key)) for key in ("a", "b")] == [5, 5]


def test_more_points_than_a_batch_are_written(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        run.log(Point(LOSS, 0.0, step) for step in range(2500))
        assert len(history(store, run.run_id, "loss")) == 2500


def test_points_wait_for_a_batch(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        for step in range(100):
            run.log([Point(LOSS, 0.0, step)])
        assert history(store, run.run_id, "loss") == []


def test_points_do_not_wait_longer_than_ten_seconds(store: Store) -> None:
    with Run(store, RunDescription(name="a"), system_metrics=False) as run:
        run._points._written_at -= 11
        run.log([Point(LOSS, 0.0, 1)])
        assert history(store, run.run_id, "loss") == [(1, 0.0)]
