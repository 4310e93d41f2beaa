"""The training that families of an encoder and a decoder share, and digits ↔ codes in any number."""

from abc import abstractmethod
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.composition.join import join
from pipeline.data.batches import batch_indices
from pipeline.data.dataset import Splits
from pipeline.data.keys import held_out_key, train_key
from pipeline.data.padding import PAPER, crop, pad, window
from pipeline.kernels.accelerate import accelerate
from pipeline.models.convolutional import before_tanh
from pipeline.models.prediction import predict
from pipeline.settings.composed import Settings
from pipeline.settings.convolutional import ConvolutionalSettings
from pipeline.settings.images import ImageFormat
from pipeline.training.devices import choose_kernels
from pipeline.training.encoder_decoder.halves import Halves
from pipeline.training.family import Parts, Report, Training, Values
from pipeline.training.stepping import DeviceImages

IMAGE = "image"
AT_ONCE = 250
IN_MEMORY = 2000


class CodingTraining(Training):
    """An encoder and a decoder in training.

    Attributes:
        halves: Both, with their optimisers.
        scored: The encoder, and the decoder without its tanh, of Keras' own layers.
        encode: The encoder over the same weights, with the fast kernels.
        decode: The decoder without its tanh, likewise.
    """

    settings: ConvolutionalSettings

    def __init__(
        self, settings: Settings[ConvolutionalSettings], splits: Splits, encoder: keras.Model, decoder: keras.Model
    ) -> None:
        self.seed, self.settings, self.splits = settings.seed, settings.model, splits
        self.format = settings.format
        self.images_per_step = self.settings.batch_size
        self.images_per_epoch = len(splits.train)
        self._real = DeviceImages(splits.train.images, splits.train.labels, compute=settings.compute)
        self.halves = Halves(encoder, decoder, self.settings, compute=settings.compute, losses=self._losses)
        self.steps_per_call = self.halves.steps_per_call
        self._joined = join(encoder, decoder, name=settings.family)
        kernels, logits = choose_kernels(settings.compute.kernels), before_tanh(decoder)
        self.scored = encoder, logits
        self.encode, self.decode = accelerate(encoder, kernels), accelerate(logits, kernels)

    def draw(self, step: int) -> dict[str, NDArray[np.float32]]:
        """Returns what the encoder takes in a step beside the images, by name: nothing, unless a family draws it."""
        return {}

    @abstractmethod
    def compute_losses(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes the losses of a batch in training mode, by name; `objective` is minimised.

        `inputs` are padded images `(n, size, size, channels)` as `image`, and what `draw` returned.
        """

    @abstractmethod
    def score(self, images: NDArray[np.uint8]) -> dict[str, float]:
        """Scores uint8 images `(n, size, size)`, or with 3 channels behind; the first loss is the score of a report."""

    def take_steps(self, step: int, count: int) -> list[Values]:
        """Takes some steps, each on the half or the halves whose turn it is; see `Training`."""
        batch = {"batch_size": self.images_per_step, "count": self.images_per_epoch}
        numbers = range(step, step + count)
        draws = [(batch_indices(self.seed, number, **batch), self.draw(number)) for number in numbers]
        return [{train_key(name): value for name, value in one.items()} for one in self.halves.move(step, draws)]

    def report(self, step: int, recent: Values) -> Report:
        """Scores held-out images; see `Training`."""
        scored = self.score(self.splits.held_out.images[: self.settings.report_images])
        score = (next(iter(scored.values())),) if len(self.splits.validation) else None
        return Report(step, {held_out_key(name): value for name, value in scored.items()}, score)

    def variables(self) -> dict[str, keras.Variable]:
        """Returns the variables of both halves and both optimisers; see `Training`."""
        return self.halves.variables()

    def parts(self) -> Parts:
        """Returns encoder, decoder and their join; see `Training`."""
        return {**self.halves.models, self._joined.name: self._joined}

    def _losses(self, draws: tuple[tf.Tensor, dict[str, tf.Tensor]]) -> dict[str, tf.Tensor]:
        chosen, drawn = draws
        edge = window(self.settings.image_size, self.format.size).start
        images, _ = self._real.gather(chosen)
        padded = tf.pad(images, [[0, 0], [edge, edge], [edge, edge], [0, 0]], constant_values=PAPER)
        if self.format.channels == 1:
            padded = tf.repeat(padded, self.settings.channels, axis=-1)
        return self.compute_losses({IMAGE: padded, **drawn})


def padded(images: NDArray[np.uint8], block: ConvolutionalSettings) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Pads uint8 images `(n, height, width)`, or with channels, for an encoder, in portions that fit into memory.

    Yields:
        The slice of `images`, and its padded images `(m, size, size, channels)` in [-1, 1].
    """
    for first in range(0, len(images), IN_MEMORY):
        part = slice(first, min(first + IN_MEMORY, len(images)))
        yield part, pad(images[part], size=block.image_size, channels=block.channels)


def blank_images(block: ConvolutionalSettings) -> NDArray[np.float32]:
    """Two padded images `(2, size, size, channels)` of bare paper, -1."""
    return np.full((2, block.image_size, block.image_size, block.channels), PAPER)


def decode(decoder: keras.Model, name: str, codes: NDArray[np.float32], *, format: ImageFormat) -> NDArray[np.float32]:
    """Decodes codes `(n, size)`, which the decoder takes as its input `name`, to images of a form, in [-1, 1].

    They are `(n, height, width, channels)`.
    """
    parts = [codes[first : first + IN_MEMORY] for first in range(0, len(codes), IN_MEMORY)]
    return np.concatenate([crop(predict(decoder, {name: part}, batch_size=AT_ONCE), format=format) for part in parts])
