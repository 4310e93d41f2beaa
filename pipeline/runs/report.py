"""The report on a finished run: one page of what its training, its evaluation and its rendering left behind."""

import csv
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.data.files import write_text
from pipeline.data.keys import QUALITY, Key
from pipeline.rendering.page import Page, PageCommands, PagePicture, PageTable, Section, build_page
from pipeline.rendering.spelling import spell
from pipeline.runs.changes import changed_settings, dvc_command
from pipeline.runs.folder import RunFolder, dvc_files
from pipeline.runs.location import RunLocation
from pipeline.settings.images import ImageFormat
from pipeline.settings.job import stage_of_dvc
from pipeline.settings.paths import display

Figures = Mapping[Key, tuple[float, float | None]]

WEIGHTS = "weights-"
OF_EACH_STAGE = ("data.limit=", "data.path=", "judge.images=", "judge.report_images=")  # not taken over from the run
# In the order of the page; what a family lacks is left out, and what it draws beyond them follows. `kind` is the word
# for a class, `things` that for several images.
PICTURES = {
    "digits": ("Generated {things} beside real ones", "Left: generated {things}. Right: test images."),
    "confusion": ("Confusion", "What the judge reads for each {kind} asked for, in percent."),
    "losses": ("Losses", "Losses in training and on held-out images, by step."),
    "measures": ("Measures", "The judge's measures at each report, and what real {things} score."),
    "nearest": (
        "Nearest neighbours",
        "Generated {things} and test images, each to the left of its nearest training image.",
    ),
    "uncovered": (
        "Furthest and least covered",
        "Of each {kind}, the generated {things} furthest from any test image, and the test images least "
        "covered. A class with fewer than ten ends in black.",
    ),
    "reconstructions": ("Reconstructions", "Test images, each over its reconstruction."),
    "walk": ("From {kind} to {kind}", "Images along the line from the code of one test image to that of another."),
    "plane": ("Latent plane", "Images decoded from a grid of the two latent numbers."),
    "scatter": ("Test images on the plane", "Where the encoder puts the test images, by {kind}."),
    "training": (
        "The training in pictures",
        "The same samples as the training goes on, from step 0 to the last report.",
    ),
}


def write_report(finished: RunLocation) -> Path:
    """Writes the page on a run whose pictures are drawn, and returns its file.

    A run that was not evaluated has a page without figures, which says so.
    """
    figures, weights = _read_figures(finished)
    sections = [
        *_figure_tables(figures, weights, finished.settings.format),
        *_pictures(finished, confusion=bool(figures)),
        _settings(finished),
        _commands(finished),
    ]
    page = Page(f"Report on {finished.metadata['name']}", _summary(finished), sections)
    write_text(build_page(page), finished.files.page)
    return finished.files.page


def _summary(finished: RunLocation) -> Iterator[str]:
    settings, best = finished.settings, finished.metadata["best_step"]
    chosen = "none chosen as the best" if best is None else f"the best after step {best:,}"
    steps, images = finished.metadata["steps"], settings.model.batch_size
    yield f"{steps:,} steps of {images:,} images, seed {settings.seed}; of its reports, {chosen}."
    if settings.data.own:
        names = ", ".join(settings.format.names)
        yield f"Data: {settings.data.name}, {settings.format.describe()} ({names}); not compared with a known SHA-256."
    if settings.label:
        yield f"Marked {settings.label}: not a real result."


def _read_figures(finished: RunLocation) -> tuple[Figures, Mapping[str, Any]]:
    """Reads figures with the references of those that have one, and the weights they are of; empty without any.

    What an earlier training in the same folder has left there is as none.
    """
    evaluation = finished.files.evaluation
    if not (evaluation / "figures.json").exists():
        return {}, {}
    origin = json.loads((evaluation / "figures.json").read_text(encoding="utf-8"))
    if origin.get("training") != finished.metadata.get("digest"):
        return {}, {}
    with (evaluation / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {
        Key.parse(row["figure"]): (float(row["value"]), float(row["reference"]) if row.get("reference") else None)
        for row in rows
    }
    return found, origin["weights"]


def _figure_tables(figures: Figures, weights: Mapping[str, Any], format: ImageFormat) -> Iterator[PageTable]:
    if not figures:
        yield PageTable(
            "Figures", (), (), "This run has not been evaluated yet. To do so, run python -m pipeline.evaluate."
        )
        return
    things, real = format.plural, f"real {format.plural}"
    of = f"Measured with the weights of step {weights['step']:,} ({weights['which']})"
    quality = {key: pair for key, pair in figures.items() if key.split == QUALITY}
    whole = [(_spoken(key, format.kind), *pair) for key, pair in quality.items() if not key.of_one_digit]
    if whole:
        note = f"{of}. The last column is what as many real {things} score."
        yield PageTable("Figures", ("measure", "generated", real), whole, note)
    single = {key: pair for key, pair in quality.items() if key.of_one_digit and key.measure == "accuracy"}
    by_digit = [(format.names[int(key.digit)], *pair) for key, pair in single.items()]
    if by_digit:
        note = f"The share that the judge reads right, of generated and of real {format.plural}."
        yield PageTable(f"Accuracy by {format.kind}", (format.kind, "generated", real), by_digit, note)
    losses = [(_spoken(key, format.kind), value) for key, (value, _) in figures.items() if key.split != QUALITY]
    yield PageTable("Test losses", ("loss", "test images"), losses, f"{of}.")


def _spoken(key: Key, kind: str) -> str:
    words = spell(key.name).replace("by digit", f"by {kind}")
    return words[0].upper() + words[1:]


def _pictures(finished: RunLocation, *, confusion: bool) -> Iterator[PagePicture]:
    files, format = {file.stem: file for file in sorted(finished.files.pictures.iterdir())}, finished.settings.format
    matrix = finished.files.evaluation / "confusion.png"
    files |= {matrix.stem: matrix} if confusion and matrix.exists() else {}
    animation = files.pop("training", None)
    for name in (*(name for name in PICTURES if name in files), *(name for name in files if name not in PICTURES)):
        of_weights = (f"Weights of the {name.removeprefix(WEIGHTS)}", "Histograms of each layer's weights.")
        heading, caption = of_weights if name.startswith(WEIGHTS) else (name, f"{name}.")
        if name in PICTURES:
            words = {"kind": format.kind, "things": format.plural}
            heading, caption = (template.format(**words) for template in PICTURES[name])
        yield PagePicture(heading, caption, files[name])
    if animation is not None:
        yield PagePicture(*PICTURES["training"], animation)


def _settings(finished: RunLocation) -> Section:
    changed = [one.partition("=") for one in finished.metadata["changed"]]
    note = (
        "Every other setting has its value in params.yaml."
        if changed
        else "None: all have their values in params.yaml."
    )
    rows = [(address, value) for address, _, value in changed]
    return PageTable("Settings that differ from the default", ("setting", "value") if rows else (), rows, note)


def _commands(finished: RunLocation) -> Section:
    family = finished.settings.family
    note = f"With the code and the data of this run, which MLflow knows as {finished.metadata['run_id']}."
    if stage_of_dvc():
        return PageCommands("How to reproduce", note, (dvc_command(finished.settings, f"render@{family}"),))
    files = finished.files
    folder = display(files.path if isinstance(files, RunFolder) else files.models)
    run = [] if files.models == dvc_files(family).models else [f"run={folder}"]
    own = [change for change in changed_settings(finished.settings) if change.startswith(OF_EACH_STAGE)]
    words = [f"model={family}", *run, *own]
    stages = [shlex.join(["python", "-m", f"pipeline.{stage}", *words]) for stage in ("evaluate", "render")]
    return PageCommands("How to reproduce", note, (str(finished.metadata["command"]), *stages))
