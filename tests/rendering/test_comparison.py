import io

import pytest
from rich.console import Console

from pipeline.data.keys import Key
from pipeline.evaluation.seeds import Setting
from pipeline.rendering.comparison import (
    COMPARED,
    UNCOMPARED,
    name_settings,
    remark,
    setting_rows,
    settings_table,
    verdicts,
)
from pipeline.rendering.tables import REAL_DIGITS

MEASURES = (Key.parse("heldout/accuracy"), Key.parse("heldout/coverage"))
HIGHER = {"accuracy", "coverage"}
REAL, GENERATED = "acgan.auxiliary_weight.real", "acgan.auxiliary_weight.generated"


def setting(*accuracies: float) -> Setting:
    return Setting(
        {}, [{Key.parse("heldout/accuracy"): value, Key.parse("heldout/coverage"): 0.5} for value in accuracies]
    )


def test_a_setting_is_named_by_the_last_parts_that_tell_it_apart() -> None:
    assert name_settings([{REAL: "1.75", GENERATED: "0.25"}]) == ["real=1.75 generated=0.25"]
    both = {"acgan.soft_label.real": "0.9", REAL: "2.0", GENERATED: "0.0"}
    assert name_settings([both]) == ["soft_label.real=0.9 auxiliary_weight.real=2.0 generated=0.0"]
    nested = {"acgan.a.rate": "1", "rate": "2"}
    assert name_settings([nested]) == ["a.rate=1 rate=2"]


def test_a_sweep_of_nothing_but_seeds_is_one_setting_with_a_name() -> None:
    assert name_settings([{}]) == ["all runs"]


def test_three_seeds_give_mean_and_interval_and_fewer_the_mean_alone() -> None:
    rows = setting_rows({"a": setting(0.9, 0.8, 0.7), "b": setting(0.9, 0.8)}, MEASURES, {})
    assert rows[0] == {"setting": "a", "accuracy": "0.8000 ± 0.2484", "coverage": "0.5000 ± 0.0000", "seeds": 3}
    assert rows[1] == {"setting": "b", "accuracy": "0.8500", "coverage": "0.5000", "seeds": 2}


def test_a_mean_and_its_interval_have_the_same_decimals() -> None:
    (row,) = setting_rows({"a": setting(100.0, 101.0, 102.0)}, MEASURES[:1], {})
    assert row["accuracy"] == "101.00 ± 2.48"


def test_a_measure_of_fewer_seeds_than_the_others_says_of_how_many() -> None:
    found = Setting({}, [{Key.parse("heldout/accuracy"): 0.9}, {Key.parse("heldout/coverage"): 0.5}])
    assert setting_rows({"a": found}, MEASURES, {}) == [
        {"setting": "a", "accuracy": "0.9000 (of 1)", "coverage": "0.5000 (of 1)", "seeds": 2}
    ]


def test_what_real_digits_score_is_the_last_row() -> None:
    rows = setting_rows({"a": Setting({}, [])}, MEASURES, {Key.parse("heldout/accuracy"): 0.993})
    assert rows == [{"setting": "a", "seeds": 0}, {"setting": REAL_DIGITS, "accuracy": "0.9930"}]


def test_settings_stay_in_the_order_of_the_sweep_whatever_they_score() -> None:
    file = io.StringIO()
    rows = setting_rows({"worst": setting(0.1), "best": setting(0.9), "middle": setting(0.5)}, MEASURES, {})
    Console(file=file, width=80).print(settings_table(rows, title="three settings"))
    lines = [line.split() for line in file.getvalue().splitlines()]
    assert lines[2] == ["setting", "accuracy", "coverage", "seeds"]
    assert [line[0] for line in lines[4:7]] == ["worst", "best", "middle"]


@pytest.mark.parametrize(("seeds", "said"), [(1, UNCOMPARED), (2, UNCOMPARED), (3, COMPARED)])
def test_below_three_seeds_no_setting_is_called_better(seeds: int, said: str) -> None:
    assert remark([setting(*[0.5] * seeds)], MEASURES) == said
    assert "no setting can be called better" in UNCOMPARED
    assert "better" not in COMPARED


def test_of_settings_with_enough_seeds_the_best_is_named_or_that_there_is_none() -> None:
    accuracy, coverage = MEASURES
    one = Setting({}, [{accuracy: 0.9 + step, coverage: 0.8 + 5 * step} for step in (0.0, 0.001, 0.002)])
    other = Setting({}, [{accuracy: 0.8 + step, coverage: 0.8 + 6 * step} for step in (0.0, 0.001, 0.002)])
    assert verdicts({"a": one, "b": other}, MEASURES, higher_is_better=HIGHER) == {
        "accuracy": "best with a, significantly better than all others",
        "coverage": "no significant difference",
    }
    third = Setting({}, [{accuracy: 0.901 + step, coverage: 0.8 + 5 * step} for step in (0.0, 0.001, 0.002)])
    said = verdicts({"a": one, "b": other, "c": third}, MEASURES, higher_is_better=HIGHER)["accuracy"]
    assert said == "no single best; c is significantly better than b"
    assert (
        verdicts({"a": one, "b": Setting({}, one.runs[:2])}, MEASURES, higher_is_better=HIGHER)
        == verdicts({"a": one}, MEASURES, higher_is_better=HIGHER)
        == {}
    )


@pytest.mark.parametrize("left", [2, 0], ids=["a seed failed", "all seeds failed"])
def test_a_setting_whose_seeds_failed_is_named_and_the_others_are_compared(left: int) -> None:
    settings = {"a": setting(0.90, 0.91, 0.92), "b": setting(0.70, 0.71, 0.72), "c": setting(*[0.99] * left)}
    assert remark(list(settings.values()), MEASURES) == COMPARED
    best = "best with a, significantly better than all others compared; not compared for want of seeds: c"
    equal = "no significant difference; not compared for want of seeds: c"
    assert verdicts(settings, MEASURES, higher_is_better=HIGHER) == {"accuracy": best, "coverage": equal}
