"""The judge's layers, its view of images, and its weights in a file."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.composition.weights import WeightsError
from pipeline.judging.network import build_judge, load_judge, look, save_judge
from pipeline.settings.images import DIGITS
from tests.composing import settings_of
from tests.judges import draw_kinds, tiny_settings

PARAMETERS = {
    "conv2d_1": 288,
    "batch_normalization_1": 128,
    "conv2d_2": 18_432,
    "batch_normalization_2": 256,
    "conv2d_3": 73_728,
    "batch_normalization_3": 512,
    "features": 73_792,
    "digit": 650,
}
IMAGES, _ = draw_kinds(3, 12)


def test_the_layers_have_these_many_parameters() -> None:
    judge = build_judge(settings_of().judge, format=DIGITS)
    assert {layer.name: layer.count_params() for layer in judge.layers if layer.weights} == PARAMETERS
    assert judge.count_params() == 167_786


def test_a_view_is_features_of_nought_or_more_and_a_distribution_over_ten_digits() -> None:
    view = look(build_judge(tiny_settings(), format=DIGITS), IMAGES)
    assert view.features.shape == (12, 16)
    assert view.features.min() >= 0
    assert view.probabilities.shape == (12, 10)
    np.testing.assert_allclose(view.probabilities.sum(axis=1), 1, rtol=1e-5)


def test_an_image_is_seen_the_same_in_whichever_form_it_comes() -> None:
    judge = build_judge(tiny_settings(), format=DIGITS)
    seen = look(judge, IMAGES)
    for images in (IMAGES[..., np.newaxis], IMAGES.astype(np.float32) / 127.5 - 1, IMAGES / 127.5 - 1):
        view = look(judge, images)
        np.testing.assert_allclose(view.features, seen.features, atol=1e-5)
        np.testing.assert_allclose(view.probabilities, seen.probabilities, atol=1e-5)


@pytest.mark.parametrize("images", [IMAGES.astype(np.int64), IMAGES[:, :14], IMAGES[0], np.zeros((2, 28, 28, 3))])
def test_what_are_no_images_is_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="`images` must be uint8 or floats, .* Received: "):
        look(build_judge(tiny_settings(), format=DIGITS), images)


def test_the_seed_decides_the_initial_weights() -> None:
    one, same, other = (build_judge(tiny_settings(seed=seed), format=DIGITS) for seed in (3, 3, 4))
    for name in ("conv2d_1", "features", "digit"):
        kernels = [judge.get_layer(name).kernel.numpy() for judge in (one, same, other)]
        np.testing.assert_array_equal(kernels[0], kernels[1])
        assert (kernels[0] != kernels[2]).all()


def test_a_judge_comes_back_from_its_file_bit_for_bit(tmp_path: Path) -> None:
    judge = build_judge(tiny_settings(seed=3), format=DIGITS)
    for path in (tmp_path / "once.npz", tmp_path / "twice.npz"):
        save_judge(judge, path)
    back = load_judge(tmp_path / "once.npz", tiny_settings(seed=4), format=DIGITS)
    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "twice.npz").read_bytes()
    assert look(back, IMAGES).features.tobytes() == look(judge, IMAGES).features.tobytes()


def test_the_weights_of_another_judge_are_refused(tmp_path: Path) -> None:
    save_judge(build_judge(tiny_settings(), format=DIGITS), tmp_path / "weights.npz")
    with pytest.raises(WeightsError, match="`features/kernel` must be float32 of shape"):
        load_judge(tmp_path / "weights.npz", tiny_settings(features=17), format=DIGITS)
