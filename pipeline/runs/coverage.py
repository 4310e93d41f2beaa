"""The digits in which generated and real ones differ most, for a person to see what coverage counts."""

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.coverage import coverage_gaps, nearest_distances
from pipeline.evaluation.pixels import unit_pixels
from pipeline.evaluation.sample import Sample
from pipeline.training.pictures import Picture

COLUMNS = 10


def draw_uncovered(generated: Sample, real: Sample, *, classes: int) -> Picture:
    """Lays out, a class a row, the generated digits furthest from any real one, and the real ones least covered.

    Distances are those of the judge's features; see `coverage_gaps` for real digits. Each row begins with the greatest
    and is blank behind the last digit of its class. The two blocks are `(classes, 10, height, width)`, or
    with channels.
    """
    furthest = _greatest(generated, nearest_distances(generated.features, real.features), classes)
    least_covered = _greatest(real, coverage_gaps(generated.features, real.manifold), classes)
    headings = ("generated, furthest from test images", "test images least covered")
    return Picture([furthest, least_covered], headings, "rows")


def _greatest(sample: Sample, distances: NDArray[np.float64], classes: int) -> NDArray[np.float32]:
    pixels = unit_pixels(sample.images)
    rows = np.full((classes, COLUMNS, *pixels.shape[1:]), -1, np.float32)
    for digit in range(classes):
        members = np.flatnonzero(sample.digits == digit)
        chosen = members[np.argsort(-distances[members], kind="stable")[:COLUMNS]]
        rows[digit, : len(chosen)] = pixels[chosen] * 2 - 1
    return rows
