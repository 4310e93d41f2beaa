"""Settings of the stages after training, and of the tracking store."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.frozen import Frozen


class EvaluateSettings(Frozen):
    """What the evaluation scores.

    Attributes:
        weights: The `last` weights of the training or those of its `best` report.
        batch_size: Images scored at once; it changes memory and speed, not results.
    """

    weights: Literal["best", "last"]
    batch_size: Annotated[int, Field(ge=1)]


class RenderSettings(Frozen):
    """What the pictures show.

    Attributes:
        weights: The `last` weights of the training or those of its `best` report.
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
