"""The judge: an independent classifier of digits, whose features and answers generated digits are measured by."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from pipeline.composition import weights
from pipeline.data.dataset import scaled, with_channels
from pipeline.data.npz import read_npz, write_npz
from pipeline.models.prediction import predict
from pipeline.models.seeds import seeds
from pipeline.settings.images import ImageFormat
from pipeline.settings.judge import JudgeSettings

Classifier = keras.Model
LOOKS_AT = 500


@dataclass(frozen=True, eq=False)
class View:
    """The outputs of a judge for n images.

    Attributes:
        features: The penultimate layer, 0 or more, float32 `(n, features)`.
        probabilities: The probability of each digit, float32 `(n, classes)`.
    """

    features: NDArray[np.float32]
    probabilities: NDArray[np.float32]


def build_judge(settings: JudgeSettings, *, format: ImageFormat) -> keras.Model:
    """Builds a small convolutional classifier with batch normalisation.

    Returns:
        A model from `{"image": (n, size, size, channels)}` in [-1, 1] to `{"features": (n, features), "digit":
        (n, classes)}`: the penultimate layer, 0 or more, and the probability of each class.
    """
    stream = seeds(settings.seed, "judge")
    image = keras.Input(format.shape, name="image")
    maps = image
    for number, filters in enumerate(settings.filters, start=1):
        initializer = keras.initializers.HeNormal(seed=next(stream))
        maps = layers.Conv2D(
            filters, 3, padding="same", use_bias=False, kernel_initializer=initializer, name=f"conv2d_{number}"
        )(maps)
        maps = layers.BatchNormalization(momentum=0.9, name=f"batch_normalization_{number}")(maps)
        maps = layers.ReLU(name=f"relu_{number}")(maps)
        maps = layers.MaxPooling2D(name=f"max_pooling_{number}")(maps)
    maps = layers.Flatten(name="flatten")(maps)
    maps = layers.Dropout(settings.dropout, seed=next(stream), name="dropout")(maps)
    initializer = keras.initializers.HeNormal(seed=next(stream))
    features = layers.Dense(settings.features, activation="relu", kernel_initializer=initializer, name="features")(maps)
    initializer = keras.initializers.GlorotUniform(seed=next(stream))
    digit = layers.Dense(format.classes, activation="softmax", kernel_initializer=initializer, name="digit")(features)
    return keras.Model({"image": image}, {"features": features, "digit": digit}, name="judge")


def look(judge: keras.Model, images: NDArray[np.generic]) -> View:
    """Shows images to a judge: uint8 or floats in [-1, 1], `(n, size, size)` in grey or `(n, size, size, channels)`.

    Its view of an image does not depend on the form that the image comes in.

    Raises:
        ValueError: The images have another shape or type.
    """
    shaped, wanted = with_channels(images), judge.input["image"].shape[1:]
    whole = images.dtype == np.uint8
    if shaped.shape[1:] != wanted or not (whole or np.issubdtype(images.dtype, np.floating)):
        raise ValueError(
            f"`images` must be uint8 or floats, (n, {', '.join(map(str, wanted))}), without the 1 of grey or with it. "
            f"Received: {images.dtype} {images.shape}"
        )
    shown = scaled(shaped) if whole else shaped.astype(np.float32)
    outputs = predict(judge, {"image": shown}, batch_size=LOOKS_AT)
    return View(outputs["features"], outputs["digit"])


def save_judge(judge: keras.Model, path: Path) -> None:
    """Writes a judge's weights to one `.npz`; the same weights make the same bytes."""
    write_npz(_flatten(judge), path)


def load_judge(path: Path, settings: JudgeSettings, *, format: ImageFormat) -> keras.Model:
    """Reads a judge that `save_judge` wrote, bit for bit, by the settings it was built by; it is not compiled.

    Raises:
        DataError: The file is no such archive.
        WeightsError: It holds the weights of another judge.
    """
    judge = build_judge(settings, format=format)
    names = list(_flatten(judge))
    found: weights.Coefficients = {}
    for name, array in zip(names, read_npz(path, *names), strict=True):
        layer, weight = name.split("/")
        found.setdefault(layer, {})[weight] = array
    weights.restore(judge, found)
    return judge


def _flatten(judge: keras.Model) -> dict[str, NDArray[Any]]:
    found = weights.coefficients(judge)
    return {f"{layer}/{name}": array for layer, arrays in found.items() for name, array in arrays.items()}
