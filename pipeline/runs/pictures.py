"""Pictures of a finished run: its samples and their nearest training images, curves, weights and an animation."""

from pathlib import Path

from pipeline.composition import weights
from pipeline.data.dataset_file import read_splits
from pipeline.judging.calibration import Calibration
from pipeline.judging.quality import judged
from pipeline.rendering.animation import animate
from pipeline.rendering.curves import loss_curves
from pipeline.rendering.grids import banded, class_grid
from pipeline.rendering.histograms import weight_histograms
from pipeline.rendering.measures import measure_curves, split_curves
from pipeline.rendering.scatter import draw_scatter
from pipeline.rendering.tiles import save_png, tile
from pipeline.runs.coverage import draw_uncovered
from pipeline.runs.finished import FinishedRun
from pipeline.runs.neighbours import GENERATED, draw_neighbours
from pipeline.runs.samples import read_samples
from pipeline.training.family import Family
from pipeline.training.pictures import Picture, Pictures


def draw_run(finished: FinishedRun, family: Family, folder: Path, calibration: Calibration | None) -> list[str]:
    """Draws all pictures of a run into an empty folder; returns the names of those of digits, without `.png`.

    `calibration` is None for a family that makes no digits on demand.
    """
    names = _draw_pictures(finished, family, folder, calibration)
    _draw_training(finished, family, folder)
    _animate(finished, folder)
    return names


def _draw_pictures(finished: FinishedRun, family: Family, folder: Path, calibration: Calibration | None) -> list[str]:
    pictures = _pictures(finished, family, calibration)
    magnify, names = finished.settings.render.magnify, finished.settings.format.column_names
    for name, picture in pictures.items():
        file = folder / f"{name}.png"
        if isinstance(picture, Picture):
            along, headings = picture.classes, picture.headings
            save_png(class_grid(picture.blocks, names, along=along, magnify=magnify, headings=headings), file)
        else:
            title, axes = picture.title, picture.axes
            draw_scatter(picture.points, picture.digits, file, title=title, axes=axes, names=names)
    return list(pictures)


def _pictures(finished: FinishedRun, family: Family, calibration: Calibration | None) -> Pictures:
    settings = finished.settings
    splits = read_splits(settings.data)
    parts = finished.parts(finished.choose(settings.render.weights))
    pictures = family.pictures(parts, splits, settings)
    if family.generate is None or calibration is None:
        return pictures
    real = calibration.test
    generated = judged(family.generate(parts, settings, len(real)), calibration)
    return pictures | {
        "nearest": draw_neighbours(family.generate(parts, settings, GENERATED * settings.format.classes), splits),
        "uncovered": draw_uncovered(generated, real, classes=settings.format.classes),
    }


def _draw_training(finished: FinishedRun, family: Family, folder: Path) -> None:
    name = finished.metadata["name"]
    losses, measures = split_curves(finished.history().curves())
    loss_curves(
        losses,
        folder / "losses.png",
        title=f"losses of {name}",
        unit=family.unit,
        units=family.units,
        scheme=family.scheme,
    )
    if measures:
        best = finished.metadata["best_step"]
        things = finished.settings.format.plural
        measure_curves(measures, folder / "measures.png", title=f"measures of {name}", best=best, things=things)
    for layers in sorted(finished.files.layers.iterdir()):
        picture = folder / f"weights-{layers.name}.png"
        weight_histograms(weights.read(layers), picture, title=f"weights of the {layers.name}")


def _animate(finished: FinishedRun, folder: Path) -> None:
    settings = finished.settings.render
    samples = read_samples(finished.files.samples)
    frames = [tile([banded(tiles)], magnify=settings.magnify) for tiles in samples.values()]
    animate(frames, list(samples), folder / "training.gif", milliseconds=settings.frame_milliseconds)
