"""Sweeps in a tracking store with figures and samples that are made up."""

from collections.abc import Sequence

import numpy as np

from pipeline.data.keys import Key
from pipeline.runs.description import describe_sweep, describe_training
from pipeline.settings.job import Job
from pipeline.tracking.runs import Run
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import open_sweep
from pipeline.training.history import Point
from tests.composing import settings_of
from tests.places import place

REAL = "acgan.soft_label.real"
DIGESTS = {"settings": "a1", "data": "b2", "code": "c3", "judge": "d4"}
REFERENCES = {"accuracy": 0.99, "frechet_digit_distance": 0.25, "coverage": 0.96}
SIDE = 60


def store_sweep(
    store: Store,
    *values: float,
    seeds: Sequence[int] = (0, 1, 2),
    unfinished: Sequence[int] = (),
    judge: str = "d4",
    others: Sequence[str] = (),
) -> str:
    """Stores a sweep of the soft label of real images, and returns its id; jobs are counted from 0.

    Accuracy rises with the label, by more than chance; coverage does not.
    """
    words = (f"{REAL}={','.join(map(str, values))}", f"seed={','.join(map(str, seeds))}", *others)
    parent = open_sweep(store, "a1b2", describe_sweep(words, family="acgan", label="smoke"), new=True)
    jobs = [(value, seed) for value in values for seed in seeds]
    for number, (value, seed) in enumerate(jobs):
        own = (f"{REAL}={value}", f"seed={seed}", "label=smoke", *others)
        job = Job("pipeline.train", own, "acgan", place(run=parent, number=number, digest=f"{number:04}"))
        described = describe_training(settings_of(*own), job, digests={**DIGESTS, "judge": judge})
        with Run(store, described, system_metrics=False) as run:
            if number in unfinished:
                run.log([Point(Key.parse("heldout/accuracy"), 0.1, 20)])
                continue
            noise = 0.004 * (seed - 1)
            figures = {"accuracy": value + noise, "frechet_digit_distance": 2 - noise, "coverage": 0.8 + 5 * noise}
            run.log([Point(Key.parse(f"heldout/{name}"), figure, 40) for name, figure in figures.items()])
            run.log([Point(Key.parse(f"reference/{name}"), figure, 40) for name, figure in REFERENCES.items()])
            run.picture("samples", np.full((SIDE, SIDE), int(255 * value), np.uint8), 40)
        store.client.set_tag(run.run_id, "judge.digest", judge)
    for number in unfinished:
        runs = store.client.search_runs([store.experiment_id], f"tags.`mlflow.parentRunId` = '{parent}'")
        by_start = sorted(runs, key=lambda run: run.info.start_time)
        store.client.set_terminated(by_start[number].info.run_id, "KILLED")
    store.client.set_terminated(parent)
    return parent
