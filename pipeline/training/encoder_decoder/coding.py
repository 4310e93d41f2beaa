"""The training that families of an encoder and a decoder share, and digits ↔ codes in any number."""

from abc import abstractmethod
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.composition.join import join
from pipeline.data.batches import batch_indices
from pipeline.data.keys import held_out_key, train_key
from pipeline.data.mnist import Splits
from pipeline.data.padding import crop, pad
from pipeline.settings.composed import Settings
from pipeline.settings.convolutional import ConvolutionalSettings
from pipeline.training.encoder_decoder.halves import DECODER, ENCODER, Halves, Inputs
from pipeline.training.family import Parts, Report, Training, Values

AT_ONCE = 250
IN_MEMORY = 2000


class CodingTraining(Training):
    """An encoder and a decoder in training.

    Args:
        settings: The settings of the command.
        splits: The data; the training images stay in memory as uint8.
        halves: The two halves with their optimisers.
    """

    def __init__(self, settings: Settings[ConvolutionalSettings], splits: Splits, halves: Halves) -> None:
        self.seed = settings.seed
        self.splits = splits
        self.halves = halves
        self.images_per_step = settings.model.batch_size
        self.images_per_epoch = len(splits.train)
        self._block = settings.model
        self._name = settings.family
        self._joined = join(halves.models[ENCODER], halves.models[DECODER], name=self._name)

    @abstractmethod
    def inputs(self, images: NDArray[np.float32], step: int) -> Inputs:
        """Returns the inputs of a step: padded images `(n, size, size, channels)`, and random draws if any."""

    @abstractmethod
    def compute_losses(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes the losses of a batch in training mode, by name; `objective` is minimised."""

    @abstractmethod
    def score(self, images: NDArray[np.uint8]) -> dict[str, float]:
        """Scores uint8 images `(n, 28, 28)`; the first loss is the score of a report."""

    def take_step(self, step: int) -> Values:
        """Takes one step on the half or the halves whose turn it is; see `Training`."""
        chosen = batch_indices(self.seed, step, batch_size=self.images_per_step, count=self.images_per_epoch)
        images = pad(self.splits.train.images[chosen], size=self._block.image_size, channels=self._block.channels)
        losses = self.halves.move(step, self.inputs(images, step), self.compute_losses)
        return {train_key(name): value for name, value in losses.items()}

    def report(self, step: int, recent: Values) -> Report:
        """Scores held-out images; see `Training`."""
        scored = self.score(self.splits.held_out.images[: self._block.report_images])
        selecting = len(self.splits.validation) > 0
        return Report(
            step=step,
            values={held_out_key(name): value for name, value in scored.items()},
            score=(next(iter(scored.values())),) if selecting else None,
        )

    def variables(self) -> dict[str, keras.Variable]:
        """Returns the variables of both halves and both optimisers; see `Training`."""
        return self.halves.variables()

    def parts(self) -> Parts:
        """Returns encoder, decoder and their join; see `Training`."""
        return {**self.halves.models, self._name: self._joined}


def padded(images: NDArray[np.uint8], block: ConvolutionalSettings) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Pads images for an encoder, in portions that fit into memory.

    Args:
        images: uint8 `(n, 28, 28)`.
        block: Size and channels of the padded images.

    Yields:
        The slice of `images`, and its padded images `(m, size, size, channels)` in [-1, 1].
    """
    for first in range(0, len(images), IN_MEMORY):
        part = slice(first, min(first + IN_MEMORY, len(images)))
        yield part, pad(images[part], size=block.image_size, channels=block.channels)


def decode(decoder: keras.Model, name: str, codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Decodes codes to digits.

    Args:
        decoder: From codes to padded images.
        name: Name of the decoder's input.
        codes: `(n, size)`.

    Returns:
        `(n, 28, 28, 1)` in [-1, 1].
    """
    parts = [codes[first : first + IN_MEMORY] for first in range(0, len(codes), IN_MEMORY)]
    return np.concatenate([crop(decoder.predict({name: part}, batch_size=AT_ONCE, verbose=0)) for part in parts])
