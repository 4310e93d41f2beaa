"""Tests of keys as text and back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.keys import QUALITY, REFERENCE, SPLITS, TEST, Key, train_key
from tests.keys import KEYS, WORDS

any_example = settings(max_examples=200, deadline=None, derandomize=True, database=None)


@any_example
@given(key=KEYS)
def test_a_key_comes_back_from_its_text(key: Key) -> None:
    assert Key.parse(str(key)) == key
    assert str(Key.parse(str(key))) == key.text


@any_example
@given(parts=st.lists(WORDS, min_size=1, max_size=6))
def test_any_parts_between_slashes_are_a_key_with_that_text(parts: list[str]) -> None:
    assert Key.parse("/".join(parts)).text == "/".join(parts)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("train/generator/loss", train_key("loss", "generator")),
        ("heldout/hard/generator/loss", Key("loss", split="heldout", scheme="hard", component="generator")),
        ("test/trained/mse", Key("mse", split=TEST, component="trained")),
        ("quality/accuracy_by_digit/7", Key("accuracy", split=QUALITY, digit="7")),
        ("quality/memorization/median", Key("median", split=QUALITY, component="memorization")),
        ("trained/reference/coverage", Key("coverage", split=REFERENCE, trained=True)),
        ("images_per_second", Key("images_per_second")),
    ],
)
def test_the_parts_of_a_key_have_their_places(text: str, key: Key) -> None:
    assert (Key.parse(text), str(key)) == (key, text)


@any_example
@given(key=KEYS, split=st.sampled_from(SPLITS))
def test_a_measure_keeps_its_name_on_another_split(key: Key, split: str) -> None:
    assert key.on(split).name == key.name


def test_only_a_digit_from_0_to_9_is_one_digit() -> None:
    digits = ("7", "mean", "worst", "")
    assert [Key("accuracy", digit=digit).of_one_digit for digit in digits] == [True, False, False, False]


@pytest.mark.parametrize(
    "parts",
    [{"component": "a/b"}, {"scheme": "hard"}, {"component": "test"}, {"split": "validation"}],
)
def test_a_key_that_shares_its_text_with_another_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be told from one another in its text"):
        Key("loss", **parts)


def test_every_step_has_the_same_objects() -> None:
    assert train_key("loss", "generator") is train_key("loss", "generator")
