"""The AC-GAN in training."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.composition.join import join
from pipeline.data.batches import batch_indices, draw_pairs
from pipeline.data.columns import rows_a_band
from pipeline.data.dataset import Images, Splits
from pipeline.data.keys import HELD_OUT, train_key
from pipeline.settings.acgan import AcganSettings
from pipeline.settings.composed import Settings
from pipeline.training.acgan.collapse import describe_collapse
from pipeline.training.acgan.heldout import losses_on
from pipeline.training.acgan.networks import build_networks
from pipeline.training.acgan.recipes import RECIPES, Pairs, RealImages, StepLosses
from pipeline.training.acgan.sampling import GENERATED_AT_ONCE, SAMPLE_ROWS, Stream, generate_digits, sample_tiles
from pipeline.training.devices import choose_kernels
from pipeline.training.family import Generated, Parts, Report, Training, Values, named_variables
from pipeline.training.stepping import DeviceImages, Stepper


class Draws(NamedTuple):
    """What is drawn for a step: the indices `(n,)` of its real images, and the pairs of both updates."""

    chosen: tf.Tensor
    pairs: Pairs
    fresh_pairs: Pairs


class AcganTraining(Training):
    """Generator and discriminator, trained against each other."""

    def __init__(self, settings: Settings[AcganSettings], splits: Splits) -> None:
        self.seed, self.settings, self.splits = settings.seed, settings.model, splits
        self.format = settings.format
        self.images_per_step = self.settings.batch_size
        self.images_per_epoch = len(splits.train.labels)
        kernels = choose_kernels(settings.compute.kernels)
        self.networks = build_networks(self.settings, seed=self.seed, kernels=kernels, format=self.format)
        self._combined = join(self.networks.averaged, self.networks.discriminator, name="combined")
        self._recipe = RECIPES[self.settings.recipe]
        self._real = DeviceImages(splits.train.images, splits.train.labels, compute=settings.compute)
        self._stepper = Stepper(self._compute_step, compute=settings.compute)
        self.steps_per_call = self._stepper.steps_per_call

    def take_steps(self, step: int, count: int) -> list[Values]:
        """Takes some steps of the recipe; see `Training`."""
        draws = [self._draw(number) for number in range(step, step + count)]
        return [_named(losses) for losses in self._stepper.take(step, draws)]

    def report(self, step: int, recent: Values) -> Report:
        """Scores held-out images; see `Training`.

        The report has no score: the generator's loss also falls when the discriminator gets worse, so a judge must
        choose.
        """
        count, held_out = self.settings.report_images, self.splits.held_out
        scored = losses_on(
            {"generator": self.networks.generate_averaged, "discriminator": self.networks.discriminate},
            Images(held_out.images[:count], held_out.labels[:count]),
            self.settings,
            seed=self.seed,
            stream=Stream.REPORT_LOSSES,
            batch_size=GENERATED_AT_ONCE,
        )
        values = {key.on(HELD_OUT): value for key, value in scored.items()}
        warnings = describe_collapse(recent, self.settings, classes=self.format.classes)
        return Report(step, values, score=None, warnings=warnings)

    def samples(self) -> NDArray[np.float32]:
        """Generates ten rows of digits, one latent per row, or their share of bands of ten classes; see `Training`."""
        generator, classes = self.networks.generate_averaged, self.format.classes
        rows = rows_a_band(SAMPLE_ROWS, classes)
        return sample_tiles(generator, self.settings, seed=self.seed, rows=rows, classes=classes)

    def generate(self, count: int) -> Generated:
        """Generates digits with the averaged generator; see `Training`."""
        generator, stream, classes = self.networks.generate_averaged, Stream.REPORT_DIGITS, self.format.classes
        return generate_digits(generator, self.settings, seed=self.seed, stream=stream, count=count, classes=classes)

    def variables(self) -> dict[str, keras.Variable]:
        """Returns those of both networks, the average and both optimisers, and dropout's states; see `Training`."""
        names = ["generator", "discriminator", "generator_optimizer", "discriminator_optimizer"]
        names += ["averaged"] if self.settings.averaged else []
        names += ["candidates"] if self.networks.candidates else []
        return named_variables({name: getattr(self.networks, name) for name in names})

    def parts(self) -> Parts:
        """Returns the averaged generator, the discriminator and their join; see `Training`."""
        halves = {"generator": self.networks.averaged, "discriminator": self.networks.discriminator}
        return {**halves, "combined": self._combined}

    def _draw(self, step: int) -> Draws:
        """What is drawn for a step; only the recipe `original` has pairs for the generator alone."""
        size, latent_size = self.settings.batch_size, self.settings.latent_size
        larger = size * self.settings.generator_batches
        counts = (size, larger) if self.settings.recipe == "original" else (larger, 0)
        pairs, fresh = (
            draw_pairs(self.seed, step, stream, count=count, latent_size=latent_size, classes=self.format.classes)
            for stream, count in zip((Stream.STEP_PAIRS, Stream.GENERATOR_PAIRS), counts, strict=True)
        )
        chosen = batch_indices(self.seed, step, batch_size=size, count=self.images_per_epoch)
        return Draws(chosen, Pairs(*pairs), Pairs(*fresh))

    def _compute_step(self, step: tf.Tensor, draws: Draws) -> StepLosses:
        """Computes a step; `step` is its number, from 0."""
        real = RealImages(*self._real.gather(draws.chosen))
        return self._recipe(self.networks, self.settings, real, draws.pairs, draws.fresh_pairs)


def _named(losses: StepLosses) -> Values:
    named = {"generator": losses.generator.named(), "discriminator": losses.discriminator.named()}
    named["generator"] |= {name: float(value) for name, value in losses.terms.items()}
    return {train_key(name, part): value for part, values in named.items() for name, value in values.items()}
