"""Histories of measures as lines, a panel each, beside those of real digits."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.data.keys import HELD_OUT, REFERENCE, Key
from pipeline.rendering import figures
from pipeline.rendering.curves import Series
from pipeline.rendering.spelling import spell


def split_curves(curves: Mapping[Key, Series]) -> tuple[dict[Key, Series], dict[Key, tuple[Series, Series]]]:
    """Separates the losses of a training from its measures, and returns these with their references.

    A measure is on `heldout` and on `reference`.
    """
    references = {key.on(HELD_OUT): curve for key, curve in curves.items() if key.split == REFERENCE}
    measures = {key: (curves[key], reference) for key, reference in references.items()}
    losses = {key: curve for key, curve in curves.items() if key not in measures and key.split != REFERENCE}
    return losses, measures


def measure_curves(
    history: Mapping[Key, tuple[Series, Series]], path: Path, *, title: str, best: int | None, things: str = "digits"
) -> None:
    """Draws each measure over the steps of a training's reports, and marks the `best` step.

    Values that span more than a factor of 25 have a logarithmic axis. `history` maps a measure to steps and values,
    `(n,)` each, of generated and of real `things`.

    Raises:
        ValueError: There is no measure.
    """
    if not history:
        raise ValueError("`history` must hold at least one measure. Received: none")
    inches = (max(3.8, 11.4 / len(history)), 3.2)
    with figures.panels((1, len(history)), path, title=title, inches=inches) as (figure, (row,)):
        for axes, (key, ((steps, values), (reference_steps, references))) in zip(row, history.items(), strict=True):
            axes.plot(steps, values, color=figures.BLUE, marker="o", markersize=3.5, label=f"generated {things}")
            axes.plot(reference_steps, references, color=figures.GREY, linestyle="--", label=f"real {things}")
            if best is not None:
                axes.axvline(best, color=figures.GREEN, linewidth=1, label="best report")
            axes.set(title=spell(key.name), xlabel="step")
            figures.mark_steps(axes)
            span = min(references.min(), values.min()), max(references.max(), values.max())
            figures.scale_wide(axes, "y", span)
        handles, labels = row[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
