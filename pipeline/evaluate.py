"""Stage: trained models and the test set → test losses."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.session import command
from pipeline.session.places import find_place
from pipeline.settings.composed import Settings


def evaluate(settings: Settings, job: command.Job) -> None:
    """Scores a run's models on the test split, into `metrics.json` and the tracking store.

    Args:
        settings: What the command is set to; seed and family's block are taken from the run.
        job: How the stage was called.
    """
    place = find_place(settings)
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.data import mnist
    from pipeline.fetch import ensure_fetched
    from pipeline.rendering.tables import losses_table
    from pipeline.rendering.terminal import make_console
    from pipeline.session.trained import Trained
    from pipeline.training.family import find_family

    trained = Trained(place)
    settings = trained.settings
    ensure_fetched(settings.data)
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    with trained.track("evaluate", job) as run:
        values = find_family(settings.family).evaluate(trained.parts(settings.evaluate.weights), splits, settings)
        run.log(trained.points(values))
        run.file(_write(values, trained.reports / "metrics.json"))
        trained.headline(run.store, values)
    for scheme, split in _by_scheme(values).items():
        make_console().print(losses_table(f"{scheme} test losses in nats", {"test": split}))


def _write(values: Mapping[str, float], file: Path) -> Path:
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *blocks, name = key.split("/")
        inner = nested
        for block in blocks:
            inner = inner.setdefault(block, {})
        inner[name] = value
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(nested, indent=2) + "\n", encoding="utf-8", newline="\n")
    return file


def _by_scheme(values: Mapping[str, float]) -> dict[str, dict[str, float]]:
    schemes: dict[str, dict[str, float]] = {}
    for key, value in values.items():
        _, scheme, rest = key.split("/", 2)
        schemes.setdefault(scheme, {})[rest] = value
    return schemes


if __name__ == "__main__":
    command.run("pipeline.evaluate", evaluate)
