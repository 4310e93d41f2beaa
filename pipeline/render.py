"""Stage: trained models → pictures."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.session import command
from pipeline.session.places import find_place
from pipeline.settings.composed import Settings

if TYPE_CHECKING:
    from pipeline.session.trained import Trained
    from pipeline.training.family import Family, Pictures


def render(settings: Settings, job: command.Job) -> None:
    """Draws a run's samples and their nearest training images, its curves, weight histograms and an animation.

    Args:
        settings: What the command is set to; what decided the run is taken from it.
        job: How the stage was called.
    """
    place = find_place(settings)
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.fetch import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.session.trained import Trained
    from pipeline.settings.paths import display
    from pipeline.training.family import find_family

    trained = Trained(place)
    ensure_fetched(trained.settings.data)
    folder = trained.reports / "pictures"
    trained.reports.mkdir(parents=True, exist_ok=True)
    with trained.track("render", job) as run, TemporaryDirectory(dir=trained.reports, prefix=".drawing-") as aside:
        drawn = Path(aside) / folder.name
        drawn.mkdir()
        family = find_family(trained.settings.family)
        names = _draw_pictures(trained, family, drawn)
        _draw_training(trained, family, drawn)
        _animate(trained, drawn)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(drawn, folder, dirs_exist_ok=True)
        run.files(folder, "pictures")
        for name in names:
            run.illustrate(f"pictures/{name}.png", name)
    make_console().print(f"{display(folder)}: {', '.join(sorted(file.name for file in folder.iterdir()))}")


def _draw_pictures(trained: Trained, family: Family, folder: Path) -> list[str]:
    from pipeline.rendering.scatter import draw_scatter
    from pipeline.rendering.tiles import save_png, tile
    from pipeline.training.family import Picture

    pictures = _pictures(trained, family)
    for name, picture in pictures.items():
        file = folder / f"{name}.png"
        if isinstance(picture, Picture):
            magnify = trained.settings.render.magnify
            save_png(tile(picture.blocks, magnify=magnify, headings=picture.headings), file)
        else:
            draw_scatter(picture.points, picture.digits, file, title=picture.title, axes=picture.axes)
    return list(pictures)


def _pictures(trained: Trained, family: Family) -> Pictures:
    from pipeline.data import mnist
    from pipeline.session.neighbours import GENERATED, draw_neighbours

    settings = trained.settings
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    parts = trained.parts(trained.choose(settings.render.weights))
    pictures = family.pictures(parts, splits, settings)
    if family.generate is None:
        return pictures
    return pictures | {"nearest": draw_neighbours(family.generate(parts, settings, GENERATED), splits)}


def _draw_training(trained: Trained, family: Family, folder: Path) -> None:
    from pipeline.models import weights
    from pipeline.rendering.curves import loss_curves
    from pipeline.rendering.histograms import weight_histograms
    from pipeline.rendering.measures import measure_curves, split_curves

    name = trained.facts["name"]
    losses, measures = split_curves(trained.history().curves())
    loss_curves(losses, folder / "losses.png", title=f"losses of {name}", unit=family.unit, units=family.units)
    if measures:
        best = trained.facts["best_step"]
        measure_curves(measures, folder / "measures.png", title=f"measures of {name}", best=best)
    for layers in sorted((trained.models / "layers").iterdir()):
        picture = folder / f"weights-{layers.name}.png"
        weight_histograms(weights.read(layers), picture, title=f"weights of the {layers.name}")


def _animate(trained: Trained, folder: Path) -> None:
    from pipeline.rendering.animation import animate
    from pipeline.rendering.tiles import tile
    from pipeline.training.samples import read_samples

    settings = trained.settings.render
    samples = read_samples(trained.models / "samples")
    frames = [tile([tiles], magnify=settings.magnify) for tiles in samples.values()]
    animate(frames, list(samples), folder / "training.gif", milliseconds=settings.frame_milliseconds)


if __name__ == "__main__":
    command.run("pipeline.render", render)
