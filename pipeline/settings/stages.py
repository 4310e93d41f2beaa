"""Settings of the stages after training, and of the tracking store."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.frozen import Frozen


class EvaluateSettings(Frozen):
    """Settings of the evaluation.

    Attributes:
        weights: The weights of the training's `best` report or of its `last` step; a training without a best report is
            scored by its last step.
        batch_size: Images whose losses are computed at once; it changes memory and speed, not results.
        classification_accuracy: Whether a classifier like the judge is trained on 60,000 generated digits, as many as
            there are training images, and tested on real ones (Ravuri and Vinyals 2019); it takes minutes.
    """

    weights: Literal["best", "last"]
    batch_size: Annotated[int, Field(ge=1)]
    classification_accuracy: bool


class RenderSettings(Frozen):
    """Settings of the pictures.

    Attributes:
        weights: As for the evaluation.
        rows: Rows of the grid of generated beside real digits.
        magnify: Screen pixels per pixel of a digit, along each axis.
        frame_milliseconds: Time for which the animation shows each report.
    """

    weights: Literal["best", "last"]
    rows: Annotated[int, Field(ge=1, le=100)]
    magnify: Annotated[int, Field(ge=1, le=10)]
    frame_milliseconds: Annotated[int, Field(ge=20)]


class DrawSettings(Frozen):
    """Settings of digits that are drawn on request.

    Attributes:
        magnify: Screen pixels per pixel of a digit, along each axis.
        walk_images: Images of a walk from one digit to another, without `count`.
        frame_milliseconds: Time for which an animation shows each image.
    """

    magnify: Annotated[int, Field(ge=1, le=20)]
    walk_images: Annotated[int, Field(ge=2)]
    frame_milliseconds: Annotated[int, Field(ge=20)]


class TrackingSettings(Frozen):
    """Settings of the tracking.

    Attributes:
        experiment: First half of the name of the MLflow experiment; the family is the second.
        losses_every: Steps between two points of the training losses; each point is the mean over those steps.
        early_samples: Steps after which samples are drawn at once, before a report or without one, to see digits soon;
            those of step 0 are drawn always.
        checkpoint_seconds: Seconds from a checkpoint until the next is due. A killed training loses as much, and the
            step or report that was under way.
        system_metrics: Whether the use of processor and memory is logged.
        offline: Whether a training by hand asks no store and keeps what it logs for `python -m pipeline.sync`. Other
            commands ask it all the same.
    """

    experiment: Annotated[str, Field(min_length=1)]
    losses_every: Annotated[int, Field(ge=1)]
    early_samples: tuple[Annotated[int, Field(ge=1)], ...] = Field(strict=False)
    checkpoint_seconds: Annotated[float, Field(gt=0, le=60)]
    system_metrics: bool
    offline: bool
