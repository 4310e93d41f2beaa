"""The discriminator's service, in this process; tests/test_use.py asks it over HTTP."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.model import PythonModelContext
from PIL import Image

from pipeline.data.dataset import scaled
from pipeline.models.discriminator import build_discriminator
from pipeline.serving.discriminator import Discriminator
from pipeline.settings.images import DIGITS, ImageFormat
from tests.data.pictures import without_palette
from tests.training.tiny import small_settings

MODEL = build_discriminator(small_settings().model.discriminator, seed=1, format=DIGITS)
LEVELS = np.random.default_rng(2).integers(0, 256, (28, 28), np.uint8)


def png(levels: np.ndarray, kind: str = "PNG", *, mode: str | None = None, **options: int) -> str:
    file, picture = BytesIO(), Image.fromarray(levels)
    picture.convert(mode or picture.mode).save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


WITHOUT_PALETTE = base64.b64encode(without_palette(base64.b64decode(png(LEVELS, mode="P")))).decode()


@pytest.fixture(scope="module")
def service(context: PythonModelContext) -> Discriminator:
    service = Discriminator()
    service.load_context(context)
    return service


def test_a_png_and_its_numbers_are_seen_as_the_network_sees_them(
    service: Discriminator, context: PythonModelContext
) -> None:
    rows: list[Any] = [{"png": png(LEVELS)}, {"numbers": scaled(LEVELS).tolist()}]
    outputs = MODEL({"image": scaled(LEVELS)[np.newaxis, ..., np.newaxis]}, training=False)
    for answer in service.predict(context, rows):
        assert answer.real == pytest.approx(float(outputs["generation"][0, 0]), abs=1e-5)
        np.testing.assert_allclose(answer.probabilities, outputs["auxiliary"][0], atol=1e-5)
        assert answer.digit == int(np.argmax(outputs["auxiliary"][0]))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "a request must have 1 to 1000 rows. Received: 0"),
        ([{"png": png(LEVELS[1:])}], "28 × 28 pixels are expected. Received: 28 × 27"),
        ([{"png": png(LEVELS, "BMP")}], "an image must be a PNG in base64, or numbers: this is no PNG$"),
        ([{"png": ""}], "an image must be a PNG in base64, or numbers: this is no PNG$"),
        ([{"png": WITHOUT_PALETTE}], "an image must be a PNG in base64, or numbers"),
        ([{"png": "!"}], "an image must be a PNG in base64, or numbers"),
        ([{"numbers": [[0.0, 0.0], [0.0]]}], "rows of one length are expected. Received: 1 to 2 numbers"),
        ([{"numbers": []}], "an image must have 28 × 28 pixels. Received: 0 × 0"),
        ([{"png": png(LEVELS, mode="LA")}], "grey or RGB without transparency is expected. Received: mode LA"),
        ([{"png": png(LEVELS, mode="RGBA")}], "Received: mode RGBA"),
        ([{"png": png(LEVELS, transparency=0)}], "without transparency is expected. Received: mode L"),
        ([{"png": png(LEVELS.astype(np.uint16))}], "Received: mode I;16"),
        ([{"numbers": [[0.0] * 27 + [-2.0]] * 28}], "numbers from -1 to 1. Received: -2"),
        ([{"numbers": [[0.0] * 27 + [-1e308]] * 28}], r"numbers from -1 to 1. Received: -1e\+308"),
        ([{"numbers": [[0.0]]}], "an image must have 28 × 28 pixels. Received: 1 × 1"),
        ([{"png": png(LEVELS), "numbers": [[0.0]]}], "either `png` or `numbers` must be given, and not both"),
    ],
)
def test_what_is_no_image_is_refused(
    rows: Any, reason: str, service: Discriminator, context: PythonModelContext
) -> None:
    with pytest.raises(MlflowException, match=reason) as refused:
        service.predict(context, rows)
    assert refused.value.get_http_status_code() == 400


@pytest.mark.parametrize("mode", ["1", "P", "RGB"])
def test_a_png_of_black_and_white_with_a_palette_or_in_colour_is_seen_in_grey(
    mode: str, service: Discriminator, context: PythonModelContext
) -> None:
    levels = np.where(LEVELS > 127, 255, 0).astype(np.uint8)
    rows: list[Any] = [{"png": png(levels, mode=mode)}, {"png": png(levels)}]
    of_mode, of_grey = service.predict(context, rows)
    assert of_mode == of_grey


def test_an_image_in_colour_is_seen_as_the_network_sees_it(tmp_path: Path) -> None:
    form = ImageFormat(size=32, channels=3, names=("bag", "coat", "shoe"))
    model = build_discriminator(small_settings().model.discriminator, seed=1, format=form)
    model.save(tmp_path / "model.keras")
    context, service = PythonModelContext({"model": str(tmp_path / "model.keras")}, None), Discriminator()
    service.load_context(context)
    levels = np.random.default_rng(2).integers(0, 256, (32, 32, 3), np.uint8)
    rows: list[Any] = [{"png": png(levels)}, {"numbers": scaled(levels).reshape(32, 96).tolist()}]
    outputs = model({"image": scaled(levels)[np.newaxis]}, training=False)
    for answer in service.predict(context, rows):
        np.testing.assert_allclose(answer.probabilities, outputs["auxiliary"][0], atol=1e-5)
    with pytest.raises(MlflowException, match="32 × 32 pixels in red, green and blue. Received: 32 × 32"):
        service.predict(context, [{"numbers": [[0.0] * 32] * 32}])  # type: ignore[list-item]
