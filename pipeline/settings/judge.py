"""Settings of the judge and of what is measured by it."""

from typing import Annotated

from pydantic import Field

from pipeline.settings.frozen import Frozen

Filters = Annotated[int, Field(ge=1)]


class JudgeSettings(Frozen):
    """The judge, its training, and the sizes of the samples that it compares.

    Attributes:
        seed: Decides the judge whatever the seed of a run, so that all runs share one.
        validation: Last training images that the judge is not trained on and that reports are measured against;
            apart from `data.validation`, so that runs on all 60,000 images share the judge.
        images: Digits that an evaluation generates and scores against as many test images; fewer where there are fewer.
            From 100 on there are enough of every digit for all measures.
        report_images: The same at a report of a training, against the first validation images.
        filters: Channels of its convolutions; each halves the map.
        features: Numbers in its penultimate layer, which distances are measured in.
        dropout: Share of the flattened map dropped in training.
        epochs: Passes over the training split.
        batch_size: Images a step.
        learning_rate: Adam's highest learning rate; it falls to 0 along a cosine.
        shift: Training images are shifted by up to this many pixels each way.
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
