"""A store as the pipeline's own code writes it: a training, its evaluation and a sweep, with losses made up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.data.keys import Key
from pipeline.rendering.histograms import weight_histograms
from pipeline.rendering.tiles import tile
from pipeline.runs.description import describe_stage, describe_sweep, describe_training
from pipeline.settings.job import Job
from pipeline.sweeps.summary import report_and_close
from pipeline.tracking.recorder import Recorder
from pipeline.tracking.runs import Run
from pipeline.tracking.stage_runs import open_stage_run
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import open_sweep
from pipeline.training.family import find_family
from pipeline.training.history import Point
from tests.composing import settings_of

SET = ("acgan.steps=40", "acgan.report_every=20", "acgan.soft_label.real=0.9")
STEPS = (0, 20, 40)
SAMPLES, SUMMARY, HISTOGRAMS = "samples", "summaries/combined-opened.txt", "layers/generator/histograms.png"
LAST_SAMPLES = f"pictures/{SAMPLES}/step-{STEPS[-1]:07d}.png"
LOSSES = [
    f"{part}/{loss}"
    for part in ("generator", "discriminator")
    for loss in ("loss", "generation_loss", "auxiliary_loss")
]
EVALUATED = {
    Key.parse(text): value
    for text, value in (("test/matched/generator/loss", 0.75), ("quality/accuracy", 0.98), ("reference/accuracy", 0.99))
}
DIGESTS = {"settings": "a1", "data": "b2", "code": "c3"}
SWEPT = (0.25, 0.5)
MEASURES = ("accuracy", "frechet_digit_distance", "coverage")


@dataclass(frozen=True)
class Tracked:
    """The ids of the runs in a store."""

    store: Store
    training: str
    evaluation: str
    sweep: str
    jobs: Sequence[str]

    def name(self, run_id: str) -> str:
        return str(self.store.client.get_run(run_id).info.run_name)

    def artifact(self, path: str) -> Path:
        """A file of the training."""
        return Path(self.store.client.download_artifacts(self.training, path))


def track(store: Store, folder: Path) -> Tracked:
    """Writes everything; `folder` is for files of its own."""
    training = track_training(store, folder)
    evaluation = track_evaluation(store, training)
    sweep = open_sweep(store, "ab12", describe_sweep(["+sweep=aux_weights"], family="acgan", label=None))
    jobs = [track_job(store, sweep, generated) for generated in SWEPT]
    report_and_close(store, sweep, name="of weights", family=find_family("acgan"), status="FINISHED", jobs=len(jobs))
    return Tracked(store, training, evaluation, sweep, jobs)


def track_training(store: Store, folder: Path) -> str:
    description = describe_training(settings_of(*SET), Job("pipeline.train", SET), digests=DIGESTS)
    with Run(store, description, system_metrics=False) as run:
        run.text(summary(), SUMMARY)
        for step in STEPS:
            noise = np.random.default_rng(step).uniform(-1, 1, (10, 10, 28, 28))
            run.picture(SAMPLES, tile([noise], magnify=2), step)
        run.log(losses())
        kernel = np.random.default_rng(0).normal(size=(100, 20))
        np.savez(folder / "0-dense.npz", kernel=kernel)
        weight_histograms({"dense": {"kernel": kernel}}, folder / "histograms.png", title="weights of the generator")
        run.files(folder, "layers/generator")
        run.illustrate(LAST_SAMPLES, "Samples of the last step")
    return run.run_id


def track_evaluation(store: Store, training: str) -> str:
    metadata = {"run_id": training, "name": store.client.get_run(training).info.run_name}
    job = Job("pipeline.evaluate", ())
    description = describe_stage("evaluate", settings_of(*SET), job, models=Path("models/acgan"), training=metadata)
    with open_stage_run(store, description, place=("acgan", "mnist"), folder=Path("runs")) as run:
        run.log([Point(key, value, STEPS[-1]) for key, value in EVALUATED.items()])
    Recorder(store, training).log_trained(EVALUATED)
    return run.run_id


def track_job(store: Store, sweep: str, generated: float) -> str:
    weights = f"acgan.auxiliary_weight={{real:{2 - generated},generated:{generated}}}"
    job = Job("pipeline.train", ("+sweep=aux_weights", weights))
    description = replace(describe_training(settings_of(weights), job, digests=DIGESTS), parent_run_id=sweep)
    with Run(store, description, system_metrics=False) as run:
        run.log(
            [
                *losses(scale=1 + generated),
                *(Point(Key.parse(f"heldout/{key}"), generated, STEPS[-1]) for key in MEASURES),
            ]
        )
    return run.run_id


def losses(scale: float = 1) -> list[Point]:
    prefixes = ("train", "heldout/hard")
    return [
        Point(Key.parse(f"{prefix}/{loss}"), scale / (1 + number + step), step)
        for number, prefix in enumerate(prefixes)
        for loss in LOSSES
        for step in STEPS[1:]
    ]


def summary() -> str:
    """A table as wide and as long as Keras makes of the combined model, drawn with the same lines."""
    rows = [f"│ {f'layer_{number} (Dense)':<50} │ {'(None, 28, 28, 1)':<63} │" for number in range(30)]
    rule = f"├─{'─' * 50}─┼─{'─' * 63}─┤"
    return "\n".join(['Model: "combined"', *(line for row in rows for line in (rule, row))]) + "\n"
