"""Settings of the stages after training, and of the tracking store."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.frozen import Frozen


class EvaluateSettings(Frozen):
    """What the evaluation scores.

    Attributes:
        weights: Those of the training's `best` report, or of its `last` step, also where it chose no best one.
        batch_size: Images whose losses are computed at once; it changes memory and speed, not results.
        classification_accuracy: Whether a classifier like the judge is trained on as many generated digits as there
            are training images, 60,000, and tested on real ones; takes minutes.
    """

    weights: Literal["best", "last"]
    batch_size: Annotated[int, Field(ge=1)]
    classification_accuracy: bool


class RenderSettings(Frozen):
    """What the pictures show.

    Attributes:
        weights: Those of the training's `best` report, or of its `last` step, also where it chose no best one.
        rows: Rows of the grid of generated beside real digits.
        magnify: Screen pixels a pixel of a digit takes.
        frame_milliseconds: How long the animation shows each report.
    """

    weights: Literal["best", "last"]
    rows: Annotated[int, Field(ge=1, le=100)]
    magnify: Annotated[int, Field(ge=1, le=10)]
    frame_milliseconds: Annotated[int, Field(ge=20)]


class TrackingSettings(Frozen):
    """How runs are logged.

    Attributes:
        experiment: First half of the MLflow experiment's name; the family is the second.
        losses_every: Steps between two points of the training losses, each the mean over those steps.
        checkpoint_seconds: Longest time a killed training loses.
        system_metrics: Whether processor and memory use are logged.
    """

    experiment: Annotated[str, Field(min_length=1)]
    losses_every: Annotated[int, Field(ge=1)]
    checkpoint_seconds: Annotated[float, Field(gt=0, le=60)]
    system_metrics: bool
