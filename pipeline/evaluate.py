"""Stage: trained models and the test set → test losses, and what the judge says of generated digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.session import command
from pipeline.session.places import find_place
from pipeline.settings.composed import Settings

if TYPE_CHECKING:
    from pipeline.session.judging import Calibration
    from pipeline.session.scores import Scores
    from pipeline.session.trained import Trained
    from pipeline.training.family import Family


def evaluate(settings: Settings, job: command.Job) -> None:
    """Scores a run's models on the test split, into `metrics.json` and the tracking store.

    Args:
        settings: What the command is set to; what decided the run is taken from it.
        job: How the stage was called.
    """
    place = find_place(settings)
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.calibrate import ensure_calibrated
    from pipeline.fetch import ensure_fetched
    from pipeline.rendering.terminal import make_console
    from pipeline.session.trained import Trained
    from pipeline.training.family import find_family

    trained = Trained(place)
    ensure_fetched(trained.settings.data)
    family = find_family(trained.settings.family)
    calibration = ensure_calibrated(trained.settings, job) if family.generate else None
    with trained.track("evaluate", job) as run:
        scores = _score(trained, family, calibration)
        scores.write(trained.reports)
        scores.log(run, trained.reports)
        trained.headline(run.store, scores.values(digits=False), scores.quality)
    for table in scores.tables(family.spoken_units):
        make_console().print(table)


def _score(trained: Trained, family: Family, calibration: Calibration | None) -> Scores:
    from pipeline.data import mnist
    from pipeline.session.baselines import baseline_errors
    from pipeline.session.measuring import measure_family
    from pipeline.session.scores import Scores

    settings = trained.settings
    weights = trained.choose(settings.evaluate.weights)
    parts = trained.parts(weights)
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    return Scores(
        weights=weights,
        losses=family.evaluate(parts, splits, settings) | baseline_errors(family, splits, settings),
        quality=measure_family(family, parts, settings, calibration) if calibration else None,
    )


if __name__ == "__main__":
    command.run("pipeline.evaluate", evaluate)
