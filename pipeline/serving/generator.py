"""The generator as a service: rows of a digit, or another class, and a seed or a latent → images.

MLflow runs a copy of this file, which stands alone.
"""

import base64
from io import BytesIO
from typing import Any

import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_ROWS = 1000
REQUESTED_DIGITS = 7  # the stream that the project's `render` draws a seed's latents from


class DigitRequest(BaseModel):
    """A digit that is asked for.

    Attributes:
        digit: 0 to 9, or the place of another class, from 0.
        seed: Decides the latent; `python -m pipeline.render` draws the same image of it.
        latent: The latent itself, numbers in [-1, 1]; either this or `seed`.
        numbers: Whether the image is answered as numbers too.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    digit: int = Field(ge=0)
    seed: int | None = Field(None, ge=0, lt=2**63)
    latent: list[float] | None = None
    numbers: bool = False

    @model_validator(mode="after")
    def _one_source_of_latents(self) -> "DigitRequest":
        if (self.seed is None) == (self.latent is None):
            raise ValueError("either `seed` or `latent` must be given, and not both")
        if self.latent is not None and not all(-1 <= number <= 1 for number in self.latent):
            raise ValueError("`latent` must be numbers from -1 to 1")
        return self


class DigitAnswer(BaseModel):
    """An image of a digit: white ink on black paper, 28 × 28 pixels; or in the form of other data.

    Attributes:
        png: A PNG in base64.
        numbers: 28 rows of 28 numbers in [-1, 1], 1 for ink; None where they were not asked for. In colour a row has
            red, green and blue of each pixel in turn.
    """

    png: str
    numbers: list[list[float]] | None = None


class Generator(PythonModel):
    """Answers each row with an image of the digit."""

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the Keras model."""
        import keras
        import tensorflow as tf

        model = keras.models.load_model(context.artifacts["model"], compile=False)
        self.latent_size = int(model.input["latent"].shape[-1])
        self.classes = int(model.get_layer("embedding").input_dim)
        # One graph for any number of rows, which requests on several threads may share.
        self.generate = tf.function(
            lambda latent, digit: model({"latent": latent, "digit": digit}, training=False),
            input_signature=[tf.TensorSpec((None, self.latent_size)), tf.TensorSpec((None, 1), "int32")],
        )

    def predict(
        self, context: PythonModelContext, model_input: list[DigitRequest], params: dict[str, Any] | None = None
    ) -> list[DigitAnswer]:
        """Returns an image for each row.

        Raises:
            MlflowException: There are no or more than 1,000 rows, or a digit or a latent's size is none of the model's.
        """
        if not 1 <= len(model_input) <= MOST_ROWS:
            raise MlflowException.invalid_parameter_value(
                f"a request must have 1 to {MOST_ROWS} rows. Received: {len(model_input)}"
            )
        if unknown := [row.digit for row in model_input if row.digit >= self.classes]:
            raise MlflowException.invalid_parameter_value(
                f"`digit` must be 0 to {self.classes - 1}. Received: {unknown[0]}"
            )
        latents = np.stack([self._latent(row) for row in model_input])
        digits = np.array([[row.digit] for row in model_input], np.int32)
        images = self.generate(latents, digits).numpy()
        return [_answer(image, row) for image, row in zip(images, model_input, strict=True)]

    def _latent(self, row: DigitRequest) -> np.ndarray:
        if row.latent is None:
            key = np.array([row.seed, REQUESTED_DIGITS], np.uint64)
            draw = np.random.Generator(np.random.Philox(key=key, counter=np.zeros(4, np.uint64)))
            return draw.random(self.latent_size, dtype=np.float32) * np.float32(2) - np.float32(1)
        if len(row.latent) != self.latent_size:
            raise MlflowException.invalid_parameter_value(
                f"`latent` must be {self.latent_size} numbers. Received: {len(row.latent)}"
            )
        return np.array(row.latent, np.float32)


def _answer(image: np.ndarray, row: DigitRequest) -> DigitAnswer:
    file = BytesIO()
    levels = np.rint((np.clip(image, -1, 1) + 1) * 127.5).astype(np.uint8)
    Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels).save(file, "PNG")
    png = base64.b64encode(file.getvalue()).decode()
    return DigitAnswer(png=png, numbers=image.reshape(len(image), -1).tolist() if row.numbers else None)


set_model(Generator())
