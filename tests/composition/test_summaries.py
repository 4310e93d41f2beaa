"""Tests of the summaries of models."""

import os

import keras
import pytest
from keras import layers

from pipeline.composition.join import join, nest
from pipeline.composition.summaries import boxed, opened


def _halves() -> tuple[keras.Model, keras.Model]:
    latent, digit = keras.Input((4,), name="latent"), keras.Input((4,), name="digit")
    first = keras.Model([latent, digit], layers.Multiply(name="multiply")([latent, digit]), name="generator")
    image = keras.Input((4,), name="image")
    second = keras.Model(image, layers.Dense(2, name="generation")(image), name="discriminator")
    return first, second


def test_boxed_shows_each_half_as_one_row_with_what_it_is_connected_to() -> None:
    text = boxed(nest(*_halves(), name="combined"))
    assert 'Model: "combined"' in text
    assert "Connected to" in text
    row = next(line for line in text.splitlines() if "discriminator (Functional)" in line)
    assert "(None, 2)" in row
    assert "10" in row
    assert "generator[0][0]" in row
    assert "generation (Dense)" not in text


def test_opened_lists_the_layers_of_the_halves_below_them() -> None:
    lines = opened(nest(*_halves(), name="combined")).splitlines()
    rows = [next(number for number, line in enumerate(lines) if name in line) for name in ("generator (", "└ multiply")]
    assert rows == sorted(rows)
    assert any("└ generation (Dense)" in line for line in lines)


def test_a_joined_model_shows_every_layer_without_opening() -> None:
    joined = join(*_halves(), name="combined")
    assert boxed(joined) == opened(joined)
    assert all(layer.name in boxed(joined) for layer in joined.layers)


def test_lines_are_120_wide_in_the_narrowest_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = boxed(join(*_halves(), name="combined"))
    assert {len(line) for line in text.splitlines() if line[0] in "┏┃┡│├└"} == {120}
    assert os.environ["COLUMNS"] == "40"


def test_the_terminals_width_is_left_unset_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    boxed(join(*_halves(), name="combined"))
    assert "COLUMNS" not in os.environ


@pytest.mark.parametrize("length", [60, 150])
def test_long_names_are_never_cut_off(length: int) -> None:
    name = "n" * length
    image = keras.Input((4,), name="image")
    features = layers.Dense(4, name=name)(image)
    text = boxed(keras.Model(image, layers.Add(name="add")([features, image])))
    assert name in text
    assert "…" not in text


def test_the_text_has_no_terminal_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    text = opened(nest(*_halves(), name="combined"))
    assert "\x1b" not in text
    assert text.endswith(")\n")
