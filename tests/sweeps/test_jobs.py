"""The jobs of a sweep: how they are listed, and each one's place."""

import time
from pathlib import Path

import pytest

from pipeline.settings.job import AT_ONCE, JOBS, PASSED, STARTED, Job
from pipeline.sweeps.jobs import list_jobs
from tests.composing import composed, jobs_of


@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        (("+sweep=aux_weights",), 4),
        (("+sweep=soft_labels", "+debug=smoke"), 5),
        (("+debug=smoke", "+sweep=labels_and_weights"), 20),
        (("+sweep=labels_and_weights", "acgan.soft_label.real=0.9"), 4),
        (("+sweep=aux_weights", "acgan.auxiliary_weight={real:1.75,generated:0.25}"), 1),
        (("+sweep=aux_weights", "acgan.report_every=${acgan.steps}"), 4),
    ],
)
def test_jobs_are_counted_before_the_first(overrides: tuple[str, ...], jobs: int) -> None:
    assert len(list_jobs(composed(*overrides, with_hydra=True))) == jobs


@pytest.mark.parametrize(
    ("typed", "jobs"),
    [
        (["+sweep=aux_weights", "acgan.steps=600", "seed=0,1,2"], 12),
        (["seed=range(0,5)", "acgan.recipe=shared,original"], 10),
        (["+sweep=labels_and_weights", "acgan.soft_label.real=0.9,1.0"], 8),
        (["acgan.generator.filters=[8,8,8],[4,4,4]"], 2),
        (["seed=choice(1,2,3)"], 3),
    ],
)
def test_jobs_are_listed_as_hydra_makes_them(typed: list[str], jobs: int) -> None:
    config = composed(*(line for line in typed if line.startswith("+")), with_hydra=True)
    config.hydra.overrides.task = typed
    listed = [list(job) for job in list_jobs(config)]
    assert listed == jobs_of(*typed)
    assert len(listed) == jobs


def test_outside_a_sweep_a_job_has_no_place() -> None:
    assert Job("pipeline.train", ()).place == ""


@pytest.mark.parametrize(
    ("number", "place"),
    [(0, "job 1 of 4"), (1, "job 2 of 4, 0:05:00 left in the sweep"), (3, "job 4 of 4, 0:00:33 left in the sweep")],
)
def test_a_jobs_place_has_the_time_left(number: int, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(JOBS, "4")
    monkeypatch.setenv(STARTED, str(time.time() - 100))
    monkeypatch.delenv(PASSED, raising=False)
    assert Job("pipeline.train", (), sweep=Path("sweep"), number=number).place == place


def test_jobs_that_others_are_at_are_not_counted_as_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(JOBS, "4")
    monkeypatch.setenv(STARTED, str(time.time() - 100))
    monkeypatch.setenv(AT_ONCE, "2")
    monkeypatch.delenv(PASSED, raising=False)
    places = [Job("pipeline.train", (), sweep=Path("sweep"), number=number).place for number in (1, 2)]
    assert places == ["job 2 of 4", "job 3 of 4, 0:03:20 left in the sweep"]


@pytest.mark.parametrize(("number", "place"), [(2, "job 3 of 4"), (3, "job 4 of 4, 0:01:40 left in the sweep")])
def test_jobs_that_were_trained_before_do_not_shorten_the_time_left(
    number: int, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in ((JOBS, "4"), (STARTED, str(time.time() - 100)), (PASSED, "2")):
        monkeypatch.setenv(variable, value)
    assert Job("pipeline.train", (), sweep=Path("sweep"), number=number).place == place
