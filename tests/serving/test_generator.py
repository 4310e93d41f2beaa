"""The generator's service, in this process; tests/test_use.py asks it over HTTP."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.model import PythonModelContext
from PIL import Image

from pipeline.models.generator import build_generator
from pipeline.serving.generator import MOST_ROWS, Generator
from pipeline.settings.images import DIGITS, ImageFormat
from pipeline.training.acgan.sampling import requested_digits
from tests.training.tiny import small_settings

BLOCK = small_settings().model
MODEL = build_generator(BLOCK.generator, latent_size=BLOCK.latent_size, seed=1, format=DIGITS)


@pytest.fixture(scope="module")
def service(context: PythonModelContext) -> Generator:
    service = Generator()
    service.load_context(context)
    return service


def test_a_seed_draws_what_render_draws_of_it(service: Generator, context: PythonModelContext) -> None:
    rows: list[Any] = [{"digit": digit, "seed": 31, "numbers": True} for digit in (0, 9)]
    answers = service.predict(context, rows)
    for answer, digit in zip(answers, (0, 9), strict=True):
        drawn = requested_digits(MODEL, BLOCK, np.array([digit], np.int32), seed=31)
        np.testing.assert_allclose(np.array(answer.numbers), drawn[0, ..., 0], atol=1e-5)


def test_the_png_has_the_pixels_of_the_numbers(service: Generator, context: PythonModelContext) -> None:
    row: Any = {"digit": 4, "latent": [0.5] * BLOCK.latent_size, "numbers": True}
    (answer,) = service.predict(context, [row])
    with Image.open(BytesIO(base64.b64decode(answer.png))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 28))
        levels = np.asarray(picture)
    np.testing.assert_array_equal(levels, np.rint((np.array(answer.numbers) + 1) * 127.5))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "a request must have 1 to 1000 rows. Received: 0"),
        ([{"digit": 1, "seed": 1}] * (MOST_ROWS + 1), "a request must have 1 to 1000 rows. Received: 1001"),
        ([{"digit": 1, "latent": [0.0]}], "`latent` must be 6 numbers. Received: 1"),
        ([{"digit": 1, "latent": [2.0] * 6}], "`latent` must be numbers from -1 to 1"),
        ([{"digit": 1, "latent": "zero"}], "valid list"),
        ([{"digit": 10, "seed": 1}], "`digit` must be 0 to 9. Received: 10"),
        ([{"digit": "3", "seed": 1}], "valid integer"),
        ([{"digit": 1, "seed": -1}], "greater than or equal to 0"),
        ([{"digit": 1, "seed": 1, "size": 3}], "Extra inputs are not permitted"),
        ([{"digit": 1, "seed": 1, "latent": [0.0] * 6}], "either `seed` or `latent` must be given, and not both"),
        ([{"digit": 1}], "either `seed` or `latent` must be given, and not both"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    rows: Any, reason: str, service: Generator, context: PythonModelContext
) -> None:
    with pytest.raises(MlflowException, match=reason) as refused:
        service.predict(context, rows)
    assert refused.value.get_http_status_code() == 400


def test_other_classes_are_drawn_in_colour(tmp_path: Path) -> None:
    form = ImageFormat(size=32, channels=3, names=("bag", "coat", "shoe"))
    model = build_generator(BLOCK.generator, latent_size=BLOCK.latent_size, seed=1, format=form)
    model.save(tmp_path / "model.keras")
    context, service = PythonModelContext({"model": str(tmp_path / "model.keras")}, None), Generator()
    service.load_context(context)
    rows: list[Any] = [{"digit": 2, "seed": 31, "numbers": True}]
    (answer,) = service.predict(context, rows)
    drawn = requested_digits(model, BLOCK, np.array([2], np.int32), seed=31)[0]
    np.testing.assert_allclose(np.array(answer.numbers), drawn.reshape(32, 96), atol=1e-5)
    with Image.open(BytesIO(base64.b64decode(answer.png))) as picture:
        assert (picture.mode, picture.size) == ("RGB", (32, 32))
    with pytest.raises(MlflowException, match=r"`digit` must be 0 to 2\. Received: 3"):
        service.predict(context, [{"digit": 3, "seed": 1}])  # type: ignore[list-item]


def test_the_file_stands_alone() -> None:
    code = Path(__file__).parents[2] / "pipeline" / "serving"
    for name in ("generator.py", "discriminator.py"):
        assert "pipeline." not in (code / name).read_text(encoding="utf-8").replace("python -m pipeline.render", "")
