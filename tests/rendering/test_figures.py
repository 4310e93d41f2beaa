"""What all drawings have in common."""

from pathlib import Path

from matplotlib.axes import Axes

from pipeline.rendering import figures


def shown(axes: Axes) -> list[str]:
    """The texts along the bottom of a panel."""
    low, high = axes.get_xlim()
    return [label.get_text() for label in axes.get_xticklabels() if low <= label.get_position()[0] <= high]


def test_a_panel_of_one_step_has_one_mark_and_that_of_many_has_whole_ones(tmp_path: Path) -> None:
    with figures.panels((1, 2), tmp_path / "a.png", title="steps", inches=(5, 3)) as (figure, ((one, many),)):
        one.scatter([0], [1])
        many.scatter([0, 1600], [1, 2])
        for axes in (one, many):
            figures.mark_steps(axes)
        figure.canvas.draw()
        assert shown(one) == ["0"]
        assert shown(many) == ["0", "400", "800", "1,200", "1,600"]


def test_numbers_that_are_nearly_equal_are_written_out(tmp_path: Path) -> None:
    with figures.panels((1, 1), tmp_path / "a.png", title="values", inches=(5, 3)) as (figure, ((axes,),)):
        axes.scatter([0.2294731, 0.2294732], [1, 2])
        figure.canvas.draw()
        assert all(text.startswith("0.229473") for text in shown(axes))
        assert axes.xaxis.get_offset_text().get_text() == ""
