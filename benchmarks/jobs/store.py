"""Child process: a tracking store with more and more runs, and how long it takes to log a run and to list them all."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring.serving import Answer, serve
from benchmarks.trainings.recipes import compose_settings
from pipeline.data.keys import Key

FAMILY = "acgan"
FIGURES = (
    Key.parse("train/generator/loss"),
    Key.parse("train/discriminator/loss"),
    Key.parse("heldout/accuracy"),
    Key.parse("heldout/coverage"),
)


class Filled:
    """A store of its own that is filled up on demand.

    Args:
        root: Its folder.
        points: Steps at which each run has its figures.
    """

    def __init__(self, root: Path, points: int) -> None:
        from pipeline.tracking.store import connect

        self.store = connect(family=FAMILY, experiment="benchmark", root=root)
        self.runs = 0
        self._points = points
        self._parameters = compose_settings(()).parameters()

    def log(self) -> float:
        """Logs a run as a training does, its settings and its figures, and gives the seconds."""
        from pipeline.tracking.runs import Run, RunDescription
        from pipeline.training.history import Point

        description = RunDescription(name=f"run {self.runs}", parameters=self._parameters, tags={"kind": "training"})
        points = [Point(key, 1 / (step + 1), step) for step in range(self._points) for key in FIGURES]
        started = time.perf_counter()
        with Run(self.store, description, system_metrics=False) as run:
            run.log(points)
        self.runs += 1
        return time.perf_counter() - started

    def list_all(self) -> float:
        """Lists every run with its settings and last figures, and gives the seconds."""
        started = time.perf_counter()
        found: list[Any] = []
        token = None
        while token is not None or not found:
            page = self.store.client.search_runs([self.store.experiment_id], max_results=1000, page_token=token)
            found += page
            token = page.token or None
        assert len(found) == self.runs
        return time.perf_counter() - started


def main() -> None:
    """Serves requests: `points` of each run, `runs` that the store is to have, and the `repeats` then timed."""
    with TemporaryDirectory() as folder:
        stores: list[Filled] = []

        def answer(request: Answer) -> Answer:
            if not stores:
                stores.append(Filled(Path(folder), int(request["points"])))
            (filled,) = stores
            while filled.runs < int(request["runs"]) - int(request["repeats"]):
                filled.log()
            logging = [filled.log() for _ in range(int(request["repeats"]))]
            return {"log": logging, "list": [filled.list_all() for _ in range(int(request["repeats"]))]}

        serve(answer)


if __name__ == "__main__":
    main()
