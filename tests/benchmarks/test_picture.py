from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.trainings.picture import quality_curves
from tests.benchmarks.runs import REFERENCES, report, run, three

DEFAULT = [
    run("default", seed, report(100, 50 + seed, frechet=20 + seed), report(200, 100 + seed, frechet=2))
    for seed in range(3)
]
ORIGINAL = three("original", report(300, 317, accuracy=0.22, frechet=199, coverage=0.0))


def test_a_panel_a_measure_over_seconds_and_one_over_steps(tmp_path: Path, drawn: list[Any]) -> None:
    quality_curves([*DEFAULT, *ORIGINAL], REFERENCES, tmp_path / "quality.png", title="quality")
    titles = [axes.get_title() for axes in drawn[0].axes]
    assert titles == 2 * ["accuracy", "Fréchet digit distance", "coverage"]
    assert [axes.get_xlabel() for axes in drawn[0].axes] == 3 * ["seconds since the command"] + 3 * ["steps"]
    assert {axes.get_xscale() for axes in drawn[0].axes} == {"log"}
    with Image.open(tmp_path / "quality.png") as image:
        assert 1000 <= image.width <= 1600


def test_each_seed_is_a_thin_line_and_the_median_a_thick_one(tmp_path: Path, drawn: list[Any]) -> None:
    quality_curves(DEFAULT, REFERENCES, tmp_path / "quality.png", title="quality")
    *seeds, median, reference = drawn[0].axes[1].get_lines()
    assert len(seeds) == 3
    assert max(line.get_linewidth() for line in seeds) < median.get_linewidth()
    assert median.get_xydata().tolist() == [[51, 21], [101, 2]]
    assert reference.get_ydata() == [0.26, 0.26]
    assert reference.get_linestyle() == "--"


def test_the_legend_tells_recipes_and_seeds_once(tmp_path: Path, drawn: list[Any]) -> None:
    quality_curves([*DEFAULT, *ORIGINAL[:1]], REFERENCES, tmp_path / "quality.png", title="quality")
    names = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert names == ["default: median of 3 seeds", "original: one seed", "real digits"]
