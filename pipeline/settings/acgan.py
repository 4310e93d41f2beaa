"""Settings of the AC-GAN family."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.family import FamilySettings
from pipeline.settings.frozen import Frozen

Probability = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Filters = Annotated[int, Field(ge=1)]


class SoftLabel(Frozen):
    """Targets of the `generation` output, 1 meaning real.

    Attributes:
        real: Target of real images in the discriminator's update.
        generated: Target of generated images in the discriminator's update.
        trick: Target of generated images in the generator's update.
    """

    real: Probability
    generated: Probability
    trick: Probability


class AuxiliaryWeight(Frozen):
    """Sample weights of the `auxiliary` loss.

    In the discriminator's update the weighted losses are summed and divided by the whole batch of real and generated
    images together (Keras 3), so weight 2 on the real half is its plain mean. Keras 2 also divided by the share of
    non-zero weights, so that the same 2 counted double. In the generator's update all images are generated, and weight
    1 is their plain mean.

    Attributes:
        real: Weight of real images in the discriminator's update.
        generated: Weight of generated images in the discriminator's update; 0 teaches it nothing about their class.
        trick: Weight of generated images in the generator's update.
    """

    real: Weight
    generated: Weight
    trick: Weight


class LikelihoodSettings(Frozen):
    """Implicit maximum likelihood in the generator's update, of `recipe: shared` alone.

    Attributes:
        weight: Weight of the loss; 0 for none.
        images: Real images of a batch that count: those furthest from any candidate of the same digit.
        candidates: Latest generated images that are kept.
    """

    weight: Weight
    images: Annotated[int, Field(ge=1)]
    candidates: Annotated[int, Field(ge=1)]


class GeneratorSettings(Frozen):
    """The generator, its optimiser and its average.

    Attributes:
        filters: Channels of the map before each of the three transposed convolutions.
        embedding_deviation: Standard deviation of the digit embedding's initial weights; null for Glorot's (0.13).
        batch_norm_momentum: Momentum of the moving averages of batch normalisation.
        learning_rate: Adam's learning rate.
        batches: Pairs in the generator's update, as a multiple of the batch size; `recipe: original` always takes 2.
        moving_average: Decay per step of the averaged generator, which is saved and judged; 0 for no average.
            `recipe: original` keeps none.
        energy_distance: Weight of the energy distance between real and generated images of the same digit, in the
            discriminator's features; 0 for none.
        likelihood: Implicit maximum likelihood.
    """

    filters: tuple[Filters, Filters, Filters] = Field(strict=False)
    embedding_deviation: Annotated[float, Field(gt=0)] | None
    batch_norm_momentum: Rate
    learning_rate: Rate
    batches: Annotated[int, Field(ge=1, le=4)]
    moving_average: Annotated[float, Field(ge=0, lt=1)]
    energy_distance: Weight
    likelihood: LikelihoodSettings


class DiscriminatorSettings(Frozen):
    """The discriminator and its optimiser.

    Attributes:
        filters: Channels of its four convolutions.
        dropout: Share of each convolution's features dropped in training.
        dropout_in_generator_update: Whether features are dropped in the generator's update too, not only in the
            discriminator's.
        learning_rate: Adam's learning rate.
        gradient_penalty: Weight of the penalties R1 and R2 on the gradient of the `generation` logit with respect to
            real and to generated images; 0 for none.
        penalty_every: Steps between two that are penalised, each with so many times the weight.
    """

    filters: tuple[Filters, Filters, Filters, Filters] = Field(strict=False)
    dropout: Annotated[float, Field(ge=0, lt=1)]
    dropout_in_generator_update: bool
    learning_rate: Rate
    gradient_penalty: Weight
    penalty_every: Annotated[int, Field(ge=1)]


class Adam(Frozen):
    """Both optimisers.

    Attributes:
        beta_1: Decay of the first moment.
        beta_2: Decay of the second moment.
        global_clipnorm: Upper limit of the norm of all gradients of a network together; larger gradients are scaled
            down to it. Null for no limit.
    """

    beta_1: Annotated[float, Field(ge=0, lt=1)]
    beta_2: Annotated[float, Field(ge=0, lt=1)]
    global_clipnorm: Annotated[float, Field(gt=0)] | None


class AcganSettings(FamilySettings):
    """The AC-GAN on MNIST: networks, targets and length of a training.

    Attributes:
        recipe: `original` is the procedure of Keras' `mnist_acgan`. `shared` generates images once for both updates,
            draws dropout from 16 random bits per number instead of 32, and keeps a moving average of the generator.
        latent_size: Numbers in a latent vector, uniform on [-1, 1).
        decay_steps: Steps over which both learning rates fall along a cosine; null for constant rates.
        decay_to: Share of the learning rates that is left after `decay_steps`.
    """

    draws: ClassVar[tuple[str, ...]] = ("digits", "digit", "count", "walk")

    recipe: Literal["shared", "original"]
    latent_size: Annotated[int, Field(ge=1)]
    decay_steps: Annotated[int, Field(ge=1)] | None
    decay_to: Probability
    soft_label: SoftLabel
    auxiliary_weight: AuxiliaryWeight
    generator: GeneratorSettings
    discriminator: DiscriminatorSettings
    adam: Adam

    @model_validator(mode="after")
    def _ordered_soft_labels(self) -> Self:
        if self.soft_label.real <= self.soft_label.generated:
            raise ValueError(
                f"soft_label.real must be above soft_label.generated ({self.soft_label.generated}), or the targets of "
                f"real and generated images change places. Received: {self.soft_label.real}"
            )
        return self

    @model_validator(mode="after")
    def _enough_images_to_choose(self) -> Self:
        if self.generator.likelihood.weight and self.generator.likelihood.images > self.batch_size:
            raise ValueError(
                f"generator.likelihood.images must be at most batch_size ({self.batch_size}). "
                f"Received: {self.generator.likelihood.images}"
            )
        return self

    @property
    def generator_batches(self) -> int:
        """Pairs in the generator's update, as a multiple of the batch size."""
        return 2 if self.recipe == "original" else self.generator.batches

    @property
    def likelihood(self) -> LikelihoodSettings | None:
        """Implicit maximum likelihood, where a step has it."""
        has_it = self.recipe == "shared" and self.generator.likelihood.weight > 0
        return self.generator.likelihood if has_it else None

    @property
    def averaged(self) -> bool:
        """Whether a moving average of the generator is kept, saved and judged in its place."""
        return self.recipe == "shared" and self.generator.moving_average > 0
