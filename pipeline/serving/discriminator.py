"""The discriminator as a service: rows of an image → real or generated, and which digit.

MLflow runs a copy of this file, which stands alone.
"""

import base64
from io import BytesIO
from typing import Any

import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, model_validator

MOST_ROWS = 1000
MODES = ("1", "L", "P", "RGB")


class ImageRequest(BaseModel):
    """An image that is asked about: white ink on black paper, 28 × 28 pixels; or in the form of other data.

    Attributes:
        png: A PNG in base64.
        numbers: 28 rows of 28 numbers in [-1, 1], 1 for ink; either this or `png`. In colour a row has red, green and
            blue of each pixel in turn.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    png: str | None = None
    numbers: list[list[float]] | None = None

    @model_validator(mode="after")
    def _one_image(self) -> "ImageRequest":
        if (self.png is None) == (self.numbers is None):
            raise ValueError("either `png` or `numbers` must be given, and not both")
        return self


class ImageAnswer(BaseModel):
    """What the discriminator thinks of an image.

    Attributes:
        real: The probability that it is real and not generated.
        digit: The most probable digit, or the place of another class.
        probabilities: The probability of each of them, from 0.
    """

    real: float
    digit: int
    probabilities: list[float]


class Discriminator(PythonModel):
    """Answers each row with what the discriminator thinks of its image."""

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the Keras model."""
        import keras
        import tensorflow as tf

        model = keras.models.load_model(context.artifacts["model"], compile=False)
        height, width, channels = map(int, model.input["image"].shape[1:])
        self.shape = height, width, channels
        # One graph for any number of rows, which requests on several threads may share.
        self.discriminate = tf.function(
            lambda image: model({"image": image}, training=False), input_signature=[tf.TensorSpec((None, *self.shape))]
        )

    def predict(
        self, context: PythonModelContext, model_input: list[ImageRequest], params: dict[str, Any] | None = None
    ) -> list[ImageAnswer]:
        """Returns an answer for each row.

        Raises:
            MlflowException: There are no or more than 1,000 rows, or one holds no image of the model's form.
        """
        if not 1 <= len(model_input) <= MOST_ROWS:
            raise MlflowException.invalid_parameter_value(
                f"a request must have 1 to {MOST_ROWS} rows. Received: {len(model_input)}"
            )
        images = np.stack([_read(row, self.shape) for row in model_input])
        outputs = self.discriminate(images)
        pairs = zip(outputs["generation"].numpy()[:, 0], outputs["auxiliary"].numpy(), strict=True)
        return [
            ImageAnswer(real=float(real), digit=int(digits.argmax()), probabilities=digits.tolist())
            for real, digits in pairs
        ]


def _read(row: ImageRequest, shape: tuple[int, int, int]) -> np.ndarray:
    height, width, channels = shape
    try:
        image = _gather(row.numbers or []) if row.png is None else _decode(row.png, shape)
    except (ValueError, OSError, SyntaxError, AssertionError, Image.DecompressionBombError) as error:
        # The message of the library would name an object in memory.
        reason = "this is no PNG" if isinstance(error, UnidentifiedImageError) else error
        raise MlflowException.invalid_parameter_value(
            f"an image must be a PNG in base64, or numbers: {reason}"
        ) from error
    if image.shape != (height, width * channels):
        coloured = "" if channels == 1 else " in red, green and blue"
        raise MlflowException.invalid_parameter_value(
            f"an image must have {height} × {width} pixels{coloured}. Received: {' × '.join(map(str, image.shape))}"
        )
    furthest = image.flat[np.abs(image).argmax()]
    if abs(furthest) > 1:
        raise MlflowException.invalid_parameter_value(
            f"an image must have numbers from -1 to 1. Received: {furthest:g}"
        )
    return image.astype(np.float32).reshape(shape)


def _gather(numbers: list[list[float]]) -> np.ndarray:
    lengths = {len(line) for line in numbers} or {0}
    if len(lengths) > 1:
        raise ValueError(f"rows of one length are expected. Received: {min(lengths)} to {max(lengths)} numbers")
    return np.array(numbers, np.float64).reshape(len(numbers), *lengths)


def _decode(png: str, shape: tuple[int, int, int]) -> np.ndarray:
    height, width, channels = shape
    with Image.open(BytesIO(base64.b64decode(png, validate=True)), formats=["PNG"]) as picture:
        if picture.size != (width, height):  # before its pixels are unpacked
            raise ValueError(f"{height} × {width} pixels are expected. Received: {picture.width} × {picture.height}")
        if picture.mode not in MODES or picture.has_transparency_data:
            raise ValueError(f"grey or RGB without transparency is expected. Received: mode {picture.mode}")
        levels = np.asarray(picture.convert("L" if channels == 1 else "RGB"), np.float32)
        return levels.reshape(height, -1) / np.float32(127.5) - np.float32(1)


set_model(Discriminator())
