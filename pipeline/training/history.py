"""The metrics of a training so far, as plain numbers that are part of its checkpoint."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.checksum import open_checked
from pipeline.data.errors import UNREADABLE
from pipeline.data.files import write_text
from pipeline.data.keys import Key
from pipeline.data.rows import as_csv
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display

HISTORY = "history"


class HistoryError(PipelineError):
    """A file holds no history of a training."""


@dataclass(frozen=True)
class Point:
    """One value of one metric at one step."""

    key: Key
    value: float
    step: int


@dataclass
class History:
    """All metrics of a training so far, and the running mean of its losses.

    Attributes:
        step: Number of steps taken.
        points: All values, in order.
        window: Sums of the losses since the last point.
        window_steps: Number of steps in those sums.
        reported: Step of the last report; 0 before the first.
        best_score: Score of the best report so far, compared number by number; None before the first.
        best_step: Step of that report.
        best_judged: Whether that score is the judge's and not the report's own.
    """

    step: int = 0
    points: list[Point] = field(default_factory=list)
    window: dict[Key, float] = field(default_factory=dict)
    window_steps: int = 0
    reported: int = 0
    best_score: tuple[float, ...] | None = None
    best_step: int | None = None
    best_judged: bool = False

    def add(self, losses: Mapping[Key, float]) -> None:
        """Adds one step's losses to the running mean."""
        for key, value in losses.items():
            self.window[key] = self.window.get(key, 0.0) + value
        self.window_steps += 1
        self.step += 1

    def close_window(self) -> list[Point]:
        """Ends the running mean and returns it as points at the current step."""
        points = self.record({key: total / self.window_steps for key, total in self.window.items()})
        self.window, self.window_steps = {}, 0
        return points

    def record(self, values: Mapping[Key, float]) -> list[Point]:
        """Adds values at the current step and returns them as points."""
        points = [Point(key, value, self.step) for key, value in values.items()]
        self.points += points
        return points

    def improve(self, score: tuple[float, ...], *, judged: bool = False) -> bool:
        """Remembers a report as the best so far if its score is lower than all others, and returns whether it is.

        Numbers of a score are compared in order. `judged` says that it is the judge's and not the report's own.
        """
        if self.best_score is not None and score >= self.best_score:
            return False
        self.best_score, self.best_step, self.best_judged = score, self.step, judged
        return True

    def reset_best(self) -> None:
        """Clears the best report, so that the next one with a score becomes the best so far."""
        self.best_score = self.best_step = None

    def mean_since(self, step: int, split: str) -> dict[Key, float]:
        """Mean over the steps after `step` of each metric on `split`.

        A point is weighted by the number of steps that it is the mean of, which began at the point before it.
        """
        means = {}
        for key, (steps, values) in self.curves().items():
            lengths = np.diff(np.maximum(steps, step), prepend=step)
            if key.split == split and lengths.any():
                means[key] = float(np.average(values, weights=lengths))
        return means

    def curves(self) -> dict[Key, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Returns the steps and values of each metric, by key."""
        curves: dict[Key, tuple[list[int], list[float]]] = {}
        for point in self.points:
            steps, values = curves.setdefault(point.key, ([], []))
            steps.append(point.step)
            values.append(point.value)
        return {key: (np.array(steps), np.array(values)) for key, (steps, values) in curves.items()}

    def to_json(self) -> str:
        """Returns the history as JSON with exact numbers."""
        points = [[point.key.text, point.value, point.step] for point in self.points]
        window = {key.text: total for key, total in self.window.items()}
        return json.dumps({**vars(self), "points": points, "window": window})

    @classmethod
    def from_json(cls, text: str) -> "History":
        """Builds a history from the text that `to_json` returned."""
        content = json.loads(text)
        points = [Point(Key.parse(key), value, step) for key, value, step in content["points"]]
        window = {Key.parse(key): total for key, total in content["window"].items()}
        score = None if content["best_score"] is None else tuple(content["best_score"])
        return cls(**{**content, "points": points, "window": window, "best_score": score})


def read_history(state: Path) -> History:
    """Reads the history alone from the file of a training's state that `save_state` wrote.

    Raises:
        HistoryError: The file is missing or damaged, or is no such state.
    """
    try:
        with open_checked(state) as archive:
            return History.from_json(archive[HISTORY].tobytes().decode())
    except (*UNREADABLE, AttributeError, TypeError) as error:
        raise HistoryError(f"{display(state)} must be a training's state: {error}") from error


def write_curves(history: History, folder: Path) -> None:
    """Writes the history as CSV, one file per split and one row per step: `train.csv`, `heldout.csv`."""
    tables: dict[str, dict[int, dict[str, object]]] = {}
    for point in history.points:
        rows = tables.setdefault(point.key.split, {})
        rows.setdefault(point.step, {"step": point.step})[point.key.name] = point.value
    for split, table in tables.items():
        write_text(as_csv(list(table.values())), folder / f"{split}.csv")
