from pathlib import Path

import pytest

from pipeline.rendering.figures import DOTS_PER_INCH, TITLE_INCHES, panels


def test_panels_with_margins_lie_in_equal_cells_below_the_title(tmp_path: Path) -> None:
    left, right, below, above = margins = (0.5, 0.1, 0.4, 0.3)
    with panels((2, 3), tmp_path / "panels.png", title="six", inches=(3.0, 2.0), margins=margins) as (figure, grid):
        figure.draw_without_rendering()
        boxes = [[axes.get_window_extent() for axes in row] for row in grid]
    height = 2 * 2.0 + TITLE_INCHES
    for row, line in enumerate(boxes):
        for column, box in enumerate(line):
            top = height - TITLE_INCHES - row * 2.0
            edges = (column * 3.0 + left, top - 2.0 + below, column * 3.0 + 3.0 - right, top - above)
            assert [side / DOTS_PER_INCH for side in box.extents] == pytest.approx(edges)
