import pytest

from benchmarks.trainings.recipes import plan
from pipeline.settings.errors import SettingsError
from tests.composing import settings_of


def test_recipes_take_turns_with_each_seed() -> None:
    planned = plan(("default", "original"), (0, 1))
    assert [(one.recipe, one.seed, one.settings.seed) for one in planned] == [
        ("default", 0, 0),
        ("original", 0, 0),
        ("default", 1, 1),
        ("original", 1, 1),
    ]


def test_the_default_differs_from_a_plain_training_in_nothing_that_trains() -> None:
    (planned,) = plan(("default",), (0,))
    assert planned.settings.parameters() == settings_of().parameters() | {"acgan.keep_every_report": True}


def test_the_original_is_trained_for_one_epoch_of_all_images() -> None:
    (planned,) = plan(("original",), (0,))
    parameters = planned.settings.parameters()
    assert parameters["acgan.steps"] * parameters["acgan.batch_size"] == 60_000
    assert parameters["data.validation"] == 0


def test_the_command_is_one_that_anybody_can_type() -> None:
    (planned,) = plan(("default",), (3,), ("acgan.steps=9",))
    assert planned.command == (
        "python -m pipeline.train seed=3 acgan.keep_every_report=true tracking.experiment=quality acgan.steps=9"
    )


def test_other_settings_have_another_record() -> None:
    (one,), (other,) = plan(("default",), (0,)), plan(("default",), (0,), ("acgan.steps=9",))
    assert one.name != other.name
    assert one.name.startswith("default-seed-0-")


@pytest.mark.parametrize("override", ["acgan.stepz=1", "experiment=none_such", "acgan.steps=-1"])
def test_unsound_settings_are_refused_before_anything_is_trained(override: str) -> None:
    with pytest.raises(SettingsError):
        plan(("default",), (0,), (override,))
