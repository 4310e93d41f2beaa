import pytest

from pipeline.settings.acgan import AcganSettings
from tests.composing import changed


def acgan(**values: object) -> AcganSettings:
    content = changed({f"acgan.{address}": value for address, value in values.items()})
    return AcganSettings.model_validate(content["acgan"])


@pytest.mark.parametrize(("recipe", "batches", "expected"), [("original", 1, 2), ("shared", 1, 1), ("shared", 3, 3)])
def test_the_original_recipe_always_takes_two_batches_for_the_generator(
    recipe: str, batches: int, expected: int
) -> None:
    assert acgan(recipe=recipe, **{"generator.batches": batches}).generator_batches == expected


@pytest.mark.parametrize(("recipe", "decay", "averaged"), [("original", 0.9, False), ("shared", 0.0, False)])
def test_without_a_decay_or_in_the_original_recipe_no_average_is_kept(
    recipe: str, decay: float, averaged: bool
) -> None:
    assert acgan(recipe=recipe, **{"generator.moving_average": decay}).averaged is averaged


def test_the_shared_recipe_keeps_an_average() -> None:
    assert acgan(recipe="shared", **{"generator.moving_average": 0.9}).averaged
