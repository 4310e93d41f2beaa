"""Settings of the judge and of the samples that it measures."""

from typing import Annotated

from pydantic import Field

from pipeline.settings.frozen import Frozen

Filters = Annotated[int, Field(ge=1)]


class JudgeSettings(Frozen):
    """The judge, its training, and the sizes of the samples that it compares.

    Attributes:
        seed: The judge's own seed; runs of any seed share one judge.
        validation: Number of training images, the last ones, that the judge is not trained on and that reports are
            measured against. It differs from `data.validation`, so that runs on all 60,000 images share the judge.
        images: Digits that an evaluation generates and compares with as many test images, or with all if they are
            fewer. Of 100 test images of MNIST there are enough of every digit for all measures.
        report_images: The same for a report of a training, which compares with the first validation images.
        filters: Channels of its convolutions, each of which halves the map.
        features: Numbers in its penultimate layer, in which distances are measured.
        dropout: Share of the flattened map that is dropped in training.
        epochs: Passes over the training split.
        batch_size: Images in a step.
        learning_rate: Adam's highest learning rate; it falls to 0 along a cosine.
        shift: Largest shift of a training image, in pixels along each axis.
    """

    seed: Annotated[int, Field(ge=0, lt=2**31)]
    validation: Annotated[int, Field(ge=10, le=50_000)]
    images: Annotated[int, Field(ge=100, le=10_000)]
    report_images: Annotated[int, Field(ge=10, le=10_000)]
    filters: tuple[Filters, Filters, Filters] = Field(strict=False)
    features: Annotated[int, Field(ge=2)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=2)]
    learning_rate: Annotated[float, Field(gt=0, lt=1)]
    shift: Annotated[int, Field(ge=0, le=8)]
