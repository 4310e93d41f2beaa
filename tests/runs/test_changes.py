"""What differs from the committed params.yaml, whatever its spelling."""

import pytest
import yaml

from pipeline.runs.changes import changed_settings
from pipeline.settings.paths import ROOT
from tests.composing import settings_of

NUMBERS = (ROOT / "params.yaml").read_text(encoding="utf-8")
SPELLINGS = {
    "another notation": NUMBERS.replace("learning_rate: 0.0015", "learning_rate: 1.5e-3"),
    "a whole number for a real one": NUMBERS.replace("global_clipnorm: 5.0", "global_clipnorm: 5"),
    "other brackets and signs": NUMBERS.replace(
        "filters: [384, 192, 96]", "filters:\n    - 0x180\n    - +192\n    - 96"
    ),
    "quotes": NUMBERS.replace("recipe: shared", 'recipe: "shared"'),
    "none": NUMBERS.replace("limit: null", "limit: ~"),
    "truth": NUMBERS.replace("keep_every_report: false", "keep_every_report: False"),
    "another order of keys": yaml.safe_dump(yaml.safe_load(NUMBERS), sort_keys=True),
    "braces": yaml.safe_dump(yaml.safe_load(NUMBERS), default_flow_style=True),
    "an alias": NUMBERS.replace("seed: 0\n", "seed: &first 0\n", 1).replace("seed: 0  ", "seed: *first"),
    "an interpolation": NUMBERS.replace("    trick: 0.95", "    trick: ${.real}"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_or_name_in_another_spelling_is_no_difference(spelling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spelling == "an alias" or SPELLINGS[spelling] != NUMBERS
    monkeypatch.setattr("pipeline.runs.changes.committed_file", lambda *_: SPELLINGS[spelling])
    assert changed_settings(settings_of()) == []


def test_another_value_is_a_difference_and_is_told_as_it_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.runs.changes.committed_file", lambda *_: NUMBERS)
    changed = ["acgan.generator.filters=[8, 8, 8]", "acgan.keep_every_report=true", "data.limit=300"]
    assert sorted(changed_settings(settings_of(*changed))) == changed


@pytest.mark.parametrize(("asked", "changed"), [("auto", []), ("plain", ["compute.kernels=plain"])])
def test_what_auto_means_on_a_machine_is_no_difference_but_what_was_asked_for_is(
    asked: str, changed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.runs.changes.committed_file", lambda *_: NUMBERS)
    for gpu in (False, True):
        assert changed_settings(settings_of(f"compute.kernels={asked}").resolve(gpu=gpu)) == changed


def test_truth_is_no_number_and_a_text_no_null(monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = NUMBERS.replace("keep_every_report: false", "keep_every_report: 0", 1)
    spoilt = spoilt.replace("limit: null", "limit: 'null'")
    monkeypatch.setattr("pipeline.runs.changes.committed_file", lambda *_: spoilt)
    assert changed_settings(settings_of()) == ["data.limit=null", "acgan.keep_every_report=false"]


def test_the_source_of_own_data_is_a_change_where_it_is_not_the_default() -> None:
    own = ("data.name=shapes", "data.validation=10")
    assert changed_settings(settings_of(*own)) == ["data.name=shapes", "data.validation=10"]
    named = ("data.source='folder:shapes'", *own)
    assert changed_settings(settings_of(*named))[0] == "data.source=folder:shapes"
