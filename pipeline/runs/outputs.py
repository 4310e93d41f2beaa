"""The outputs of a training, in its folder and in the tracking store, before the first step and after the last."""

from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from pipeline.composition import weights
from pipeline.composition.join import nest
from pipeline.composition.summaries import boxed, opened
from pipeline.data.dataset import Splits
from pipeline.data.files import write_text
from pipeline.data.rows import as_csv
from pipeline.rendering.histograms import weight_histograms
from pipeline.runs.folder import RunFolder, link_or_copy
from pipeline.settings.composed import Settings
from pipeline.settings.paths import display
from pipeline.tracking import datasets
from pipeline.tracking.logged_models import model_example
from pipeline.tracking.recorder import Recorder
from pipeline.training.checkpoints import load_state, save_parts
from pipeline.training.family import Examples, Parts, Training, named_variables
from pipeline.training.history import History, write_curves


def introduce(run: Recorder, settings: Settings, parts: Parts, splits: Splits, *, data_digest: str) -> None:
    """Logs the splits that are not empty, the settings, and summaries of each model and of the composition.

    The last of `parts` is the composition; `data_digest` is the hash of the data's file.
    """
    for name, split, context in (
        ("train", splits.train, "training"),
        ("validation", splits.validation, "validation"),
        ("test", splits.test, "testing"),
    ):
        if len(split):
            source = display(settings.data.file)
            run.dataset(
                datasets.LoggedImages(
                    f"{settings.data.name}-{name}", split.images, split.labels, data_digest, context, source
                )
            )
    run.text(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False), "settings.yaml")
    *halves, whole = parts
    for name, model in parts.items():
        run.text(opened(model), f"summaries/{name}.txt")
    joined = nest(parts[halves[0]], parts[halves[1]], name=whole)
    run.text(boxed(joined), f"summaries/{whole}-boxed.txt")
    run.text(opened(joined), f"summaries/{whole}-opened.txt")


def finish(training: Training, history: History, examples: Examples, *, folder: RunFolder, run: Recorder) -> None:
    """Writes the last weights, each layer's weights and the curves; keeps the last checkpoint; logs for the pages.

    The training is in the state of the last checkpoint; its models have the best report's weights afterwards, where
    there is one. `examples` has a small batch of named inputs for each half, which are logged as models.
    """
    parts = training.parts()
    save_parts(folder.weights("last"), parts)
    link_or_copy(folder.checkpoint, folder.state)
    write_curves(history, folder.losses)
    for name, example in examples.items():
        weights.write(weights.coefficients(parts[name]), folder.layers / name)
        log_layers(parts, name, run, f"layers/{name}")
        run.model(name, parts[name], model_example(parts[name], example))
    run.files(folder.losses, "losses")
    save_best(parts, history, folder)
    run.illustrate(f"pictures/samples/step-{history.step:07d}.png", "Samples of the last step")
    # From here on the training counts as finished.
    folder.update_metadata(steps=history.step, best_step=history.best_step)
    run.file(folder.metadata_file)


def save_best(parts: Parts, history: History, folder: RunFolder) -> None:
    """Saves the models of the best report, once at the end rather than at every report that is better.

    `parts` take its weights. Where no report is better than those of the training that this one started from, the
    copies of its models stay.
    """
    if history.best_step is not None and (best := folder.best_checkpoint(history.best_step)).exists():
        load_state(best, named_variables({name: parts[name] for name in list(parts)[:-1]}))
        save_parts(folder.weights("best"), parts)


def log_layers(parts: Parts, name: str, run: Recorder, path: str) -> None:
    """Logs the weights of the model `name`, one `.npz` a layer, with a table and a picture of histograms."""
    coefficients = weights.coefficients(parts[name])
    with TemporaryDirectory() as folder:
        weights.write(coefficients, Path(folder))
        write_text(as_csv(weights.table(coefficients)), Path(folder) / "table.csv")
        weight_histograms(coefficients, Path(folder) / "histograms.png", title=f"weights of the {name}")
        run.files(Path(folder), path)
