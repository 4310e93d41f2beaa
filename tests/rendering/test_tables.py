import io

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from pipeline.data.keys import Key
from pipeline.evaluation.references import Measurement
from pipeline.rendering.tables import (
    Cell,
    confusion_rows,
    digits_table,
    losses_table,
    measurements_table,
    number,
    rows_table,
    sweep_table,
)

COLUMNS = ["component", "loss", "generation_loss", "auxiliary_loss"]


def shown(table: Table, width: int = 80) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width)
    console.print(table)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_the_table_of_losses_fits_80_columns_with_its_numbers_right_aligned() -> None:
    rows: list[list[Cell]] = [
        ["generator (train)", 1.23456, 0.7, 0.5],
        ["discriminator (test)", 146.954, float("nan"), None],
    ]
    lines = shown(rows_table("After step 600", COLUMNS, rows))
    assert lines[0] == "After step 600"
    heading, first, second = lines[2], lines[4], lines[5]
    assert heading.split() == COLUMNS
    assert first.split() == ["generator", "(train)", "1.2346", "0.7000", "0.5000"]
    assert second.split() == ["discriminator", "(test)", "146.95", "nan", "-"]
    assert {len(heading), len(first), len(second)} == {len(heading)}


def test_losses_of_two_networks_on_two_splits_make_the_four_rows_of_the_spec():
    values = {Key(loss, component=network): 0.5 for network in ("generator", "discriminator") for loss in COLUMNS[1:]}
    lines = shown(losses_table("t", {"train": values, "test": values}))
    assert lines[2].split() == COLUMNS
    names = [" ".join(line.split()[:2]) for line in lines[4:8]]
    assert sorted(names) == ["discriminator (test)", "discriminator (train)", "generator (test)", "generator (train)"]


def test_a_title_longer_than_its_table_stays_on_one_line():
    title = "step 1,350: losses in nats, of a narrow table"
    assert shown(rows_table(title, ["a", "b"], [["x", 1.0]]))[0] == title


def test_a_loss_that_a_component_lacks_is_a_dash():
    lines = shown(losses_table("t", {"train": {Key.parse("a/loss"): 1.0, Key.parse("b/kl"): 2.0}}))
    assert [line.split()[2:] for line in lines[4:6]] == [["1.0000", "-"], ["-", "2.0000"]]


def test_losses_of_what_has_no_components_are_named_by_their_split() -> None:
    lines = shown(losses_table("t", {"train": {Key("loss"): 1.0, Key("kl"): 0.5}, "test": {Key("loss"): 2.0}}))
    assert [line.split() for line in lines[4:6]] == [["train", "1.0000", "0.5000"], ["test", "2.0000", "-"]]


MEASUREMENTS = {
    Key("accuracy"): Measurement(0.98, 0.99),
    Key.parse("accuracy_by_digit/mean"): Measurement(0.97, 0.98),
    Key.parse("accuracy_by_digit/7"): Measurement(0.9, 0.95),
    Key.parse("accuracy_by_digit/8"): Measurement(0.8, 0.94),
    Key.parse("ssim_by_digit/7"): Measurement(0.3, 0.2),
}


def test_a_measure_stands_beside_that_of_real_digits_and_those_of_single_digits_are_left_out() -> None:
    lines = shown(measurements_table("t", MEASUREMENTS))
    assert lines[2].split() == ["measure", "value", "real", "digits"]
    assert [line.split() for line in lines[4:6]] == [
        ["accuracy", "0.9800", "0.9900"],
        ["accuracy_by_digit/mean", "0.9700", "0.9800"],
    ]


def test_measures_of_single_digits_have_a_row_each_and_real_digits_beside_each() -> None:
    lines = shown(digits_table("t", MEASUREMENTS))
    assert lines[2].split() == ["digit", "accuracy", "real", "digits", "ssim", "real", "digits"]
    assert [line.split() for line in lines[4:6]] == [
        ["7", "0.9000", "0.9500", "0.3000", "0.2000"],
        ["8", "0.8000", "0.9400", "-", "-"],
    ]


def test_brackets_in_names_are_text() -> None:
    assert "[bold]x[/bold]" in "\n".join(shown(rows_table("[red]", ["a"], [["[bold]x[/bold]"]])))


def test_a_row_with_a_cell_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`rows` must have 2 cells each, one a column. Received: \['a'\]"):
        rows_table("t", ["a", "b"], [["a"]])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0000"), (12, "12"), (1.23456, "1.2346"), (-146.951, "-146.95"), (2e-5, "2.000e-05"), (3e7, "3.000e+07")],
)
def test_numbers_keep_the_digits_that_tell_something(value: float, text: str) -> None:
    assert number(value) == text


def test_infinity_is_a_word() -> None:
    assert number(float("-inf")) == "-inf"


def test_a_sweep_has_a_column_for_whatever_any_job_has() -> None:
    rows = [{"job": 1, "loss": 0.5, "status": "FINISHED"}, {"job": 2, "status": "FAILED", "reason": "no memory"}]
    lines = shown(sweep_table(rows, title="two jobs"))
    assert lines[2].split() == ["job", "loss", "status", "reason"]
    assert lines[4].split() == ["1", "0.5", "FINISHED", "-"]
    assert lines[5].split() == ["2", "-", "FAILED", "no", "memory"]


def test_a_column_of_a_sweep_has_the_decimals_its_values_need_and_four_at_most() -> None:
    rows = [{"weight": 0.25, "loss": 1 / 3, "rate": 0.0002}, {"weight": 1.0, "loss": 2.0, "rate": 1e-6}]
    lines = shown(sweep_table(rows, title="t"))
    assert lines[4].split() == ["0.25", "0.3333", "0.0002"]
    assert lines[5].split() == ["1.00", "2.0000", "1.00e-06"]


def test_a_row_of_a_confusion_is_of_what_was_shown_and_its_columns_of_what_was_read() -> None:
    assert confusion_rows(np.array([[7, 1], [2, 6]]), ["cat", "dog"], of="class") == [
        {"class": "cat", "read as cat": 7, "read as dog": 1},
        {"class": "dog", "read as cat": 2, "read as dog": 6},
    ]


def test_a_failed_job_stands_out_on_a_terminal() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="standard", width=80)
    console.print(sweep_table([{"status": "FINISHED"}, {"status": "FAILED"}], title="t"))
    assert "\x1b[1;31mFAILED" in file.getvalue()


def test_a_long_address_is_broken_where_its_words_end() -> None:
    row = {"acgan.auxiliary_weight.generated": 0.5, "true": True}
    lines = shown(sweep_table([row], title="t"))
    assert [line.split()[0] for line in lines[2:5]] == ["acgan.", "auxiliary_", "weight."]
    assert lines[5].split() == ["generated", "true"]
    assert lines[7].split() == ["0.5", "True"]
