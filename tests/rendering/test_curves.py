from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colors
from PIL import Image

from pipeline.data.keys import Key
from pipeline.rendering import figures
from pipeline.rendering.curves import Series, loss_curves
from pipeline.rendering.tiles import Pixels

STEPS = np.arange(0, 1000, 10)


def pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def gan_history() -> dict[Key, Series]:
    names = [
        Key.parse(f"{split}/{component}/{loss}")
        for split in ("train", "heldout/hard", "heldout/matched")
        for component in ("generator", "discriminator")
        for loss in ("loss", "generation_loss", "auxiliary_loss")
    ]
    return {name: (STEPS, np.linspace(2, 1, 100)) for name in names}


def test_a_gan_has_a_row_for_each_network_and_a_panel_for_each_loss(tmp_path: Path, drawn: list[Any]) -> None:
    loss_curves(gan_history(), tmp_path / "curves.png", title="losses")
    titles = [axes.get_title() for axes in drawn[0].axes]
    assert titles[:3] == ["generator: loss", "generator: generation_loss", "generator: auxiliary_loss"]
    assert titles[3:] == ["discriminator: loss", "discriminator: generation_loss", "discriminator: auxiliary_loss"]
    assert {(axes.get_xlabel(), axes.get_ylabel()) for axes in drawn[0].axes} == {("step", "nats")}
    assert 1000 <= pixels(tmp_path / "curves.png").shape[1] <= 1400


def test_a_component_with_more_than_three_losses_goes_on_in_further_rows(tmp_path: Path, drawn: list[Any]) -> None:
    history = {Key.parse(f"train/b/{loss}"): (STEPS, STEPS + 1) for loss in "vwxyz"}
    history |= {Key.parse(f"train/d/{loss}"): (STEPS, STEPS + 1) for loss in "vwx"}
    loss_curves(history, tmp_path / "curves.png", title="losses")
    titles = [axes.get_title() for axes in drawn[0].axes]
    assert titles == ["b: v", "b: w", "b: x", "b: y", "b: z", "", "d: v", "d: w", "d: x"]
    assert pixels(tmp_path / "curves.png").shape[1] <= 1200


def test_the_legend_names_training_first_then_what_compares_with_it(tmp_path: Path, drawn: list[Any]) -> None:
    loss_curves(gan_history(), tmp_path / "curves.png", title="losses", scheme="matched")
    names = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert names == ["train", "held-out, matched", "held-out, hard"]


def test_an_autoencoder_with_one_loss_has_one_panel_in_its_own_unit(tmp_path: Path, drawn: list[Any]) -> None:
    history = {Key.parse("train/autoencoder/loss"): (STEPS, np.linspace(0.3, 0.1, 100))}
    loss_curves(history, tmp_path / "curves.png", title="losses", unit="squared error per pixel")
    assert [axes.get_ylabel() for axes in drawn[0].axes] == ["squared error per pixel"]


def test_a_loss_with_a_unit_of_its_own_says_so(tmp_path: Path, drawn: list[Any]) -> None:
    steps = np.arange(3)
    history = {Key.parse("train/mse"): (steps, steps), Key.parse("train/bce"): (steps, steps)}
    loss_curves(history, tmp_path / "a.png", title="a title", unit="squared error", units={"bce": "nats"})
    assert [axes.get_ylabel() for axes in drawn[0].axes] == ["squared error", "nats"]


def test_a_loss_that_only_one_component_has_leaves_the_other_panel_empty(tmp_path: Path, drawn: list[Any]) -> None:
    history = {Key.parse("train/a/loss"): (STEPS, STEPS + 1), Key.parse("train/b/kl"): (STEPS, STEPS + 1)}
    loss_curves(history, tmp_path / "curves.png", title="losses")
    assert [axes.axison for axes in drawn[0].axes] == [True, False, False, True]


def test_only_a_loss_that_falls_to_a_thousandth_has_a_logarithmic_axis(tmp_path: Path, drawn: list[Any]) -> None:
    history = {
        Key.parse("train/a/loss"): (STEPS, np.geomspace(2, 0.002, 100)),
        Key.parse("train/a/kl"): (STEPS, np.linspace(2, 1, 100)),
    }
    loss_curves(history, tmp_path / "curves.png", title="losses")
    assert [axes.get_yscale() for axes in drawn[0].axes] == ["log", "linear"]


def test_a_spike_over_a_loss_that_reaches_zero_is_cut_off_and_counted(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.linspace(1, 0, 1000)
    values[500] = 5000
    loss_curves({Key.parse("train/a/loss"): (np.arange(1000), values)}, tmp_path / "curves.png", title="losses")
    axes = drawn[0].axes[0]
    assert axes.get_ylim()[1] < 2
    assert [text.get_text() for text in axes.texts] == ["values above: 1, up to 5e+03"]


def test_a_split_has_the_same_colour_in_every_panel(tmp_path: Path, drawn: list[Any]) -> None:
    history = {
        Key.parse("train/a/loss"): (STEPS, STEPS + 1),
        Key.parse("heldout/a/loss"): (STEPS, STEPS + 2),
        Key.parse("heldout/a/kl"): (STEPS, STEPS),
    }
    loss_curves(history, tmp_path / "curves.png", title="losses")
    both, alone = drawn[0].axes
    assert [line.get_color() for line in both.lines] == [figures.BLUE, figures.ORANGE]
    assert [line.get_color() for line in alone.lines] == [figures.ORANGE]


def test_values_that_are_not_finite_are_left_out_and_counted(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.where(np.arange(100) < 97, 1.5, np.nan)
    loss_curves({Key.parse("train/a/loss"): (STEPS, values)}, tmp_path / "curves.png", title="losses")
    axes = drawn[0].axes[0]
    assert [text.get_text() for text in axes.texts] == ["values not finite: 3"]
    assert len(axes.lines[0].get_xdata()) == 97


def test_a_series_without_any_finite_value_still_gives_a_picture(tmp_path: Path) -> None:
    loss_curves({Key.parse("train/a/loss"): (STEPS, STEPS * np.nan)}, tmp_path / "curves.png", title="losses")
    assert pixels(tmp_path / "curves.png").std() > 0


def test_a_single_point_can_be_seen(tmp_path: Path) -> None:
    loss_curves({Key.parse("train/a/loss"): (np.array([10]), np.array([1.0]))}, tmp_path / "curves.png", title="losses")
    blue = np.array(colors.to_rgb(figures.BLUE)) * 255
    seen = (np.abs(pixels(tmp_path / "curves.png") - blue) < 3).all(axis=-1)
    assert seen[: seen.shape[0] * 3 // 4].any()


def test_a_long_series_lies_faintly_under_a_median_that_ignores_one_spike(tmp_path: Path, drawn: list[Any]) -> None:
    values = np.ones(2000)
    values[1000] = 20.0
    loss_curves({Key.parse("train/a/loss"): (np.arange(2000), values)}, tmp_path / "curves.png", title="losses")
    faint, bold = drawn[0].axes[0].lines
    assert faint.get_alpha() < 0.5
    assert faint.get_ydata().max() == 20
    assert (bold.get_ydata() == 1).all()
    assert bold.get_xdata().mean() == pytest.approx(faint.get_xdata().mean())


def test_the_same_history_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        loss_curves({Key.parse("train/a/loss"): (STEPS, STEPS + 1)}, tmp_path / name, title="losses")
    content = (tmp_path / "one.png").read_bytes()
    assert content == (tmp_path / "two.png").read_bytes()
    assert b"Software" not in content


def test_losses_of_what_has_no_components_have_a_panel_each(tmp_path: Path, drawn: list[Any]) -> None:
    keys = [Key(loss, split=split) for split in ("train", "heldout") for loss in ("loss", "kl")]
    curves = dict.fromkeys(keys, (STEPS, STEPS / 10))
    loss_curves(curves, tmp_path / "curves.png", title="t")
    assert [axes.get_title() for axes in drawn[0].axes] == ["loss", "kl"]
    assert [len(axes.lines) for axes in drawn[0].axes] == [2, 2]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({}, "at least one loss"),
        ({Key.parse("train/generator/loss"): (STEPS, STEPS[1:])}, "of one length"),
    ],
)
def test_a_history_that_makes_no_picture_is_refused(tmp_path: Path, history: dict[Key, Series], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss_curves(history, tmp_path / "curves.png", title="losses")
    assert not list(tmp_path.iterdir())
