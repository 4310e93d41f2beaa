"""The judge learns, from the same draws each time."""

from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.data.dataset import Images
from pipeline.judging.fit import count_steps, shift, train_classifier
from pipeline.judging.network import look, save_judge
from pipeline.settings.compute import Kernels
from pipeline.settings.images import DIGITS
from pipeline.training import devices
from tests.judges import draw_kinds, tiny_settings

KINDS = Images(*draw_kinds(1, 400))


@pytest.mark.slow
def test_a_judge_reports_each_step_and_learns_to_read_unseen_images() -> None:
    unseen = Images(*draw_kinds(2, 200))
    steps_seen: list[tuple[int, float]] = []
    judge = train_classifier(
        KINDS, tiny_settings(), on_step=lambda step, loss: steps_seen.append((step, loss)), format=DIGITS
    )
    steps, losses = zip(*steps_seen, strict=True)
    assert steps == tuple(range(1, 81))
    assert losses[0] > 1.5
    assert np.mean(losses[-10:]) < losses[0] / 3  # over seeds, a fourteenth to a four-hundredth
    readings = look(judge, unseen.images).probabilities.argmax(axis=1)
    assert (readings == unseen.labels).mean() > 0.9


@pytest.mark.slow
def test_the_same_settings_make_the_same_file(tmp_path: Path) -> None:
    short = tiny_settings(epochs=1, batch_size=100, dropout=0.3)
    for name in ("once.npz", "again.npz"):
        save_judge(train_classifier(KINDS, short, format=DIGITS), tmp_path / name)
    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


@pytest.mark.slow
def test_an_accelerated_classifier_learns_the_same_to_rounding() -> None:
    short = tiny_settings(epochs=1, batch_size=100)
    plain = train_classifier(KINDS, short, kernels="plain", format=DIGITS)
    fast = train_classifier(KINDS, short, kernels="fast", format=DIGITS)
    for one, other in zip(fast.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


@pytest.mark.slow
def test_on_a_gpu_a_classifier_learns_by_keras_own_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    short = tiny_settings(epochs=1, batch_size=100)
    plain = train_classifier(KINDS, short, kernels="plain", format=DIGITS)
    monkeypatch.setattr(devices, "find_gpu", lambda: "NVIDIA H100 80GB HBM3")
    by_device = train_classifier(KINDS, short, format=DIGITS)
    for one, other in zip(by_device.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kernels", ["fast", "plain"])
def test_a_trained_judge_loads_from_its_file_without_a_class_of_the_project(kernels: Kernels, tmp_path: Path) -> None:
    judge = train_classifier(KINDS, tiny_settings(epochs=1, batch_size=100), kernels=kernels, format=DIGITS)
    judge.save(tmp_path / "judge.keras")
    loaded = keras.saving.load_model(tmp_path / "judge.keras")
    for one, other in zip(loaded.get_weights(), judge.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("images", "steps"), [(50_000, 1562), (60_000, 1875), (10, 1)])
def test_a_judge_takes_as_many_steps_as_its_epochs_have_batches(images: int, steps: int) -> None:
    assert count_steps(images, tiny_settings(epochs=4, batch_size=128)) == steps


def test_a_shift_moves_each_image_by_its_own_offsets_and_background_in() -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    images[:, 10, 20] = 255
    shifted = shift(images, np.array([[2, 2], [0, 4], [4, 1]]), by=2)
    assert [tuple(np.argwhere(image)[0]) for image in shifted] == [(10, 20), (12, 18), (8, 21)]
    assert (shifted.sum(axis=(1, 2)) == 255).all()


def test_what_is_shifted_over_the_edge_is_gone() -> None:
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 0] = 255
    assert not shift(images, np.array([[4, 2]]), by=2).any()
