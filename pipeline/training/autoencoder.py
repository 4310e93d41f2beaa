"""The autoencoder in training, and its figures and pictures afterwards."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.mnist import Splits
from pipeline.models.autoencoder import build_decoder, build_encoder
from pipeline.models.convolutional import before_tanh
from pipeline.settings.autoencoder import Settings as AutoencoderSettings
from pipeline.settings.composed import Settings
from pipeline.training.coding import AT_ONCE, CodingTraining, decode, padded
from pipeline.training.family import Examples, Family, Parts, Pictures, Values
from pipeline.training.halves import DECODER, ENCODER, OBJECTIVE, Halves, Inputs
from pipeline.training.pictures import Coder, reconstruct, reconstructions, walk
from pipeline.training.reconstruction import cross_entropies, digit_means, squared_errors

IMAGE, CODE = "image", "code"
SQUARED_ERROR, CROSS_ENTROPY = "mse", "bce"


class AutoencoderTraining(CodingTraining):
    """Encoder and decoder, trained to give the image back.

    Args:
        settings: What the command is set to.
        splits: The data.
    """

    def __init__(self, settings: Settings, splits: Splits) -> None:
        self.settings = _autoencoder(settings)
        encoder = build_encoder(self.settings, seed=settings.seed)
        decoder = build_decoder(self.settings, encoder, seed=settings.seed)
        super().__init__(
            settings, splits, self.settings, Halves(encoder, decoder, self.settings, compute=settings.compute)
        )
        self._before_tanh = before_tanh(decoder)

    def inputs(self, images: NDArray[np.float32], step: int) -> Inputs:
        """Gives the images alone."""
        return {IMAGE: images}

    def compute_losses(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes both errors of the digit; the squared error of the whole sheet is minimised, as in the source."""
        code = self.halves.models[ENCODER](inputs, training=True)
        logits = self._before_tanh({CODE: code}, training=True)
        squared = squared_errors(logits, inputs[IMAGE])
        return {
            SQUARED_ERROR: tf.reduce_mean(digit_means(squared)),
            CROSS_ENTROPY: tf.reduce_mean(digit_means(cross_entropies(logits, inputs[IMAGE]))),
            OBJECTIVE: tf.reduce_mean(squared),
        }

    def score(self, images: NDArray[np.uint8]) -> Values:
        """Gives both errors of reconstructions."""
        halves = self.halves.models[ENCODER], self._before_tanh
        return errors_on(halves, images, self.settings, batch_size=AT_ONCE)

    def samples(self) -> NDArray[np.float32]:
        """Draws held-out digits over their reconstructions; see `Training`."""
        return reconstruct(_coder(self.parts(), self.settings), self.splits.held_out, rows=4)


def errors_on(
    halves: tuple[keras.Model, keras.Model],
    images: NDArray[np.uint8],
    settings: AutoencoderSettings,
    *,
    batch_size: int,
) -> dict[str, float]:
    """Scores reconstructions, the halves as they are used: batch normalisation by its moving averages.

    Args:
        halves: The encoder, and the decoder up to what its tanh is taken of.
        images: uint8 `(n, 28, 28)`.
        settings: Size and channels of the sheets.
        batch_size: Images at once.

    Returns:
        `mse` and `bce`, means over images and the pixels of the digit, which are from 0 to 1; `bce` in nats.
    """
    encoder, decoder = halves
    sums = np.zeros(2)
    for _, sheets in padded(images, settings):
        codes = _predict_codes(encoder, sheets, batch_size)
        logits = tf.constant(decoder.predict({CODE: codes}, batch_size=batch_size, verbose=0))
        sums += [
            float(tf.reduce_sum(digit_means(error(logits, sheets)))) for error in (squared_errors, cross_entropies)
        ]
    squared, entropy = (sums / len(images)).tolist()
    return {SQUARED_ERROR: squared, CROSS_ENTROPY: entropy}


def encode(parts: Parts, images: NDArray[np.uint8], settings: Settings) -> NDArray[np.float32]:
    """Gives the codes `(n, dim)` of images `(n, 28, 28)`."""
    return _coder(parts, _autoencoder(settings)).encode(images)


def evaluate(parts: Parts, splits: Splits, settings: Settings) -> Values:
    """Scores reconstructions of the test split."""
    halves, images = (parts[ENCODER], before_tanh(parts[DECODER])), splits.test.images
    scored = errors_on(halves, images, _autoencoder(settings), batch_size=settings.evaluate.batch_size)
    return {f"test/trained/{name}": value for name, value in scored.items()}


def pictures(parts: Parts, splits: Splits, settings: Settings) -> Pictures:
    """Draws reconstructions of test images, and walks between them."""
    coder = _coder(parts, _autoencoder(settings))
    return {"reconstructions": reconstructions(coder, splits.test), "walk": walk(coder, splits.test)}


def example(settings: Settings) -> Examples:
    """Gives two named inputs for each part."""
    block = _autoencoder(settings)
    image = np.full((2, block.image_size, block.image_size, block.channels), -1, np.float32)
    return {
        ENCODER: {IMAGE: image},
        DECODER: {CODE: np.zeros((2, block.dim), np.float32)},
        settings.family: {IMAGE: image},
    }


FAMILY = Family(
    build=AutoencoderTraining,
    evaluate=evaluate,
    pictures=pictures,
    example=example,
    headline=(f"heldout/{SQUARED_ERROR}", f"heldout/{CROSS_ENTROPY}"),
    encode=encode,
    trade_off=(f"heldout/{CROSS_ENTROPY}", f"heldout/{SQUARED_ERROR}", f"heldout/{SQUARED_ERROR}"),
    unit="squared error a pixel",
    units={CROSS_ENTROPY: "nats a pixel"},
)


def _coder(parts: Parts, settings: AutoencoderSettings) -> Coder:
    def to_codes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        sheets = padded(images, settings)
        return np.concatenate([_predict_codes(parts[ENCODER], sheet, AT_ONCE) for _, sheet in sheets])

    return Coder(to_codes, lambda codes: decode(parts[DECODER], CODE, codes))


def _predict_codes(encoder: keras.Model, sheets: NDArray[np.float32], batch_size: int) -> NDArray[np.float32]:
    codes: NDArray[np.float32] = encoder.predict({IMAGE: sheets}, batch_size=batch_size, verbose=0)
    return codes


def _autoencoder(settings: Settings) -> AutoencoderSettings:
    if not isinstance(settings.model, AutoencoderSettings):
        raise TypeError(f"`model` must be the autoencoder's settings. Received: {type(settings.model).__name__}")
    return settings.model
