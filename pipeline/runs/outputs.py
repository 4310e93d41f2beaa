"""What a finished training leaves behind, in its folder and in the tracking store."""

from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.composition import weights
from pipeline.rendering.histograms import weight_histograms
from pipeline.runs.folder import RunFolder, link_or_copy
from pipeline.tracking.logged_models import model_example
from pipeline.tracking.recorder import Recorder
from pipeline.training.checkpoints import STATE, load_state, save_parts
from pipeline.training.family import Examples, Parts, Training, named_variables
from pipeline.training.history import History, write_curves

BEST = "best"


def finish(training: Training, history: History, examples: Examples, *, folder: RunFolder, run: Recorder) -> None:
    """Writes the last weights, each layer's weights and the curves; keeps the last checkpoint; logs for the pages.

    What was trained has the best report's weights afterwards, where there is one.

    Args:
        training: What was trained, as the last checkpoint has it.
        history: Its figures.
        examples: A small batch of named inputs for each part that is logged as a model.
        folder: The run's folder.
        run: The run in the tracking store.
    """
    parts = training.parts()
    save_parts(folder.models / "last", parts)
    link_or_copy(folder.checkpoint, folder.models / STATE)
    write_curves(history, folder.reports / "losses")
    for name in list(parts)[:-1]:
        weights.write(weights.coefficients(parts[name]), folder.models / "layers" / name)
        log_layers(parts, name, run, f"layers/{name}")
        run.model(name, parts[name], model_example(parts[name], examples[name]))
    run.files(folder.reports / "losses", "losses")
    save_best(parts, history, folder)
    run.illustrate(f"pictures/samples/step-{history.step:07d}.png", "Samples of the last step")
    # From here on the training counts as finished.
    folder.update_metadata(steps=history.step, best_step=history.best_step)
    run.file(folder.models / "run.json")


def save_best(parts: Parts, history: History, folder: RunFolder) -> None:
    """Saves the parts of the best report, whose weights they take: once, and not at every report that is better.

    Where no report was better than those of the training that it started from, its parts were copied and stay.
    """
    if history.best_step is not None and (weights_then := folder.best(history.best_step)).exists():
        load_state(weights_then, named_variables({name: parts[name] for name in list(parts)[:-1]}))
        save_parts(folder.models / BEST, parts)


def log_layers(parts: Parts, name: str, run: Recorder, path: str) -> None:
    """Logs the weights of a model, one `.npz` a layer, with a table and a picture of histograms.

    Args:
        parts: The models by name.
        name: The model.
        run: Where to log.
        path: The artifact folder.
    """
    coefficients = weights.coefficients(parts[name])
    with TemporaryDirectory() as folder:
        weights.write(coefficients, Path(folder))
        weights.write_table(weights.table(coefficients), Path(folder) / "table.csv")
        weight_histograms(coefficients, Path(folder) / "histograms.png", title=f"weights of the {name}")
        run.files(Path(folder), path)
