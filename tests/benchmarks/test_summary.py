from benchmarks.trainings.summary import commands_table, make_rows, reports_table, spread
from tests.benchmarks.runs import REFERENCES, report, run

RUNS = [
    run("default", seed, report(100, seconds, accuracy=accuracy), report(200, 2 * seconds))
    for seed, (seconds, accuracy) in enumerate([(50.0, 0.9), (40.0, 0.8), (60.0, 0.95)])
]


def test_rows_are_medians_over_seeds_with_the_least_and_the_greatest() -> None:
    rows = {row.name: row for row in make_rows(RUNS)}
    seconds, accuracy = rows["default, step 100: seconds"], rows["default, step 100: accuracy"]
    assert (seconds.median, seconds.min, seconds.max, seconds.unit, seconds.runs) == (50, 40, 60, "s", 3)
    assert (accuracy.median, accuracy.min, accuracy.max) == (0.9, 0.8, 0.95)
    assert rows["default: processor_seconds"].median == 200
    assert "default: classification_accuracy" not in rows


def test_a_step_that_one_seed_did_not_report_at_has_no_row() -> None:
    rows = make_rows([*RUNS, run("default", 3, report(100, 50))])
    assert not [row for row in rows if "step 200" in row.name]


def test_the_table_ends_with_what_real_digits_score() -> None:
    lines = reports_table(RUNS, REFERENCES).splitlines()
    assert lines[2] == (
        "| default | 3 | 100 | 50 (40–60) | 0.9000 (0.8000–0.9500) | 1.00 (1.00–1.00) | 0.800 (0.800–0.800) |"
    )
    assert lines[-1] == "| real digits |  |  |  | 0.9940 | 0.26 | 0.950 |"


def test_the_classification_accuracy_score_is_shown_where_there_is_one_beside_its_reference() -> None:
    assert "classification" not in commands_table(RUNS, REFERENCES)
    lines = commands_table(
        [*RUNS, run("long", 0, report(1, 1), classification_accuracy=0.981)], REFERENCES
    ).splitlines()
    assert lines[2] == "| default | 105 (85–125) | 200 (160–240) | - |"
    assert lines[3:] == ["| long | 6 | 2 | 0.9810 |", "| real digits |  |  | 0.9940 |"]


def test_one_run_has_no_spread() -> None:
    assert spread([1234.5], 1) == "1,234.5"
