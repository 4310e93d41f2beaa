"""The autoencoder in training, and its errors, codes and pictures afterwards."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.data.dataset import Splits
from pipeline.data.keys import TEST, Key, held_out_key
from pipeline.models.autoencoder import build_decoder, build_encoder
from pipeline.models.convolutional import before_tanh
from pipeline.models.prediction import predict
from pipeline.settings.autoencoder import AutoencoderSettings
from pipeline.settings.composed import Settings
from pipeline.settings.images import ImageFormat
from pipeline.training.encoder_decoder.coding import AT_ONCE, IMAGE, CodingTraining, blank_images, decode, padded
from pipeline.training.encoder_decoder.halves import DECODER, ENCODER, OBJECTIVE
from pipeline.training.encoder_decoder.pictures import Coder, reconstruct, reconstructions, walk
from pipeline.training.encoder_decoder.reconstruction import cross_entropies, digit_means, squared_errors
from pipeline.training.family import Examples, Family, Parts, Values
from pipeline.training.pictures import Pictures

CODE = "code"
SQUARED_ERROR, CROSS_ENTROPY = "mse", "bce"


class AutoencoderTraining(CodingTraining):
    """Encoder and decoder, trained to reconstruct the image."""

    settings: AutoencoderSettings

    def __init__(self, settings: Settings[AutoencoderSettings], splits: Splits) -> None:
        encoder = build_encoder(settings.model, seed=settings.seed)
        super().__init__(settings, splits, encoder, build_decoder(settings.model, encoder, seed=settings.seed))

    def compute_losses(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes both errors of the digit; the squared error of the whole padded image is minimised."""
        code = self.encode(inputs, training=True)
        logits = self.decode({CODE: code}, training=True)
        squared = squared_errors(logits, inputs[IMAGE])
        return {
            SQUARED_ERROR: tf.reduce_mean(digit_means(squared, size=self.format.size)),
            CROSS_ENTROPY: tf.reduce_mean(digit_means(cross_entropies(logits, inputs[IMAGE]), size=self.format.size)),
            OBJECTIVE: tf.reduce_mean(squared),
        }

    def score(self, images: NDArray[np.uint8]) -> dict[str, float]:
        """Returns both errors of reconstructions."""
        return errors_on(self.scored, images, self.settings, batch_size=AT_ONCE)

    def samples(self) -> NDArray[np.float32]:
        """Draws held-out digits over their reconstructions; see `Training`."""
        coder = _coder(self.parts(), self.settings, self.format)
        return reconstruct(coder, self.splits.held_out, rows=4, classes=self.format.classes)


def errors_on(
    halves: tuple[keras.Model, keras.Model],
    images: NDArray[np.uint8],
    settings: AutoencoderSettings,
    *,
    batch_size: int,
) -> dict[str, float]:
    """Scores reconstructions of the halves as they are used, with batch normalisation's moving averages.

    Args:
        halves: The encoder, and the decoder without its tanh.
        images: uint8 `(n, size, size)`, or with 3 channels behind.
        settings: Size and channels of the padded images.
        batch_size: Images at once.

    Returns:
        `mse` and `bce`, means over images and the pixels of the digit, which are in [0, 1]; `bce` in nats.
    """
    encoder, decoder = halves
    sums = np.zeros(2)
    for _, originals in padded(images, settings):
        codes = _predict_codes(encoder, originals, batch_size)
        logits = tf.constant(predict(decoder, {CODE: codes}, batch_size=batch_size))
        for index, error in enumerate((squared_errors, cross_entropies)):
            sums[index] += float(tf.reduce_sum(digit_means(error(logits, originals), size=images.shape[1])))
    squared, entropy = (sums / len(images)).tolist()
    return {SQUARED_ERROR: squared, CROSS_ENTROPY: entropy}


def encode(parts: Parts, images: NDArray[np.uint8], settings: Settings[AutoencoderSettings]) -> NDArray[np.float32]:
    """Returns the codes `(n, dim)` of images `(n, size, size)`, or with 3 channels behind."""
    return _coder(parts, settings.model, settings.format).encode(images)


def evaluate(parts: Parts, splits: Splits, settings: Settings[AutoencoderSettings]) -> Values:
    """Scores reconstructions of the test split."""
    halves, images = (parts[ENCODER], before_tanh(parts[DECODER])), splits.test.images
    scored = errors_on(halves, images, settings.model, batch_size=settings.evaluate.batch_size)
    return {Key(name, split=TEST, component="trained"): value for name, value in scored.items()}


def pictures(parts: Parts, splits: Splits, settings: Settings[AutoencoderSettings]) -> Pictures:
    """Draws reconstructions of test images, and walks between them."""
    coder, classes = _coder(parts, settings.model, settings.format), settings.format.classes
    return {
        "reconstructions": reconstructions(coder, splits.test, classes=classes),
        "walk": walk(coder, splits.test, classes=classes),
    }


def example(settings: Settings[AutoencoderSettings]) -> Examples:
    """Builds two named inputs for each half."""
    code = np.zeros((2, settings.model.dim), np.float32)
    return {ENCODER: {IMAGE: blank_images(settings.model)}, DECODER: {CODE: code}}


SQUARED, ENTROPY = held_out_key(SQUARED_ERROR), held_out_key(CROSS_ENTROPY)
FAMILY = Family(
    build=AutoencoderTraining,
    evaluate=evaluate,
    pictures=pictures,
    example=example,
    headline=(SQUARED, ENTROPY),
    encode=encode,
    trade_off=(ENTROPY, SQUARED, SQUARED),
    unit="squared error per pixel",
    units={CROSS_ENTROPY: "nats per pixel"},
)


def _coder(parts: Parts, settings: AutoencoderSettings, format: ImageFormat) -> Coder:
    def to_codes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        portions = padded(images, settings)
        return np.concatenate([_predict_codes(parts[ENCODER], portion, AT_ONCE) for _, portion in portions])

    return Coder(to_codes, lambda codes: decode(parts[DECODER], CODE, codes, format=format))


def _predict_codes(encoder: keras.Model, images: NDArray[np.float32], batch_size: int) -> NDArray[np.float32]:
    codes: NDArray[np.float32] = predict(encoder, {IMAGE: images}, batch_size=batch_size)
    return codes
