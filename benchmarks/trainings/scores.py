"""The weights that a run kept at every report → measures against the test images, by the judge."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring.commands import run_timed
from benchmarks.measuring.errors import BenchmarkError
from benchmarks.trainings.recipes import Planned
from benchmarks.trainings.records import Record, Say, report_folder
from benchmarks.trainings.summary import Report, Run
from pipeline.data.files import write_bytes
from pipeline.evaluation.classification_accuracy import CLASSIFICATION_ACCURACY
from pipeline.evaluation.measures import Values, measure_quickly
from pipeline.judging.calibration import Calibration
from pipeline.settings.paths import STORE_ROOT
from pipeline.training.checkpoints import load_parts
from pipeline.training.family import find_family

END = "end"
WITH_CLASSIFICATION = ("long",)


def score_runs(
    planned: Sequence[Planned], records: Sequence[Record], calibration: Calibration, *, folder: Path, say: Say
) -> list[Run]:
    """Scores every report of every run; what was scored before by the same judge is taken as it is.

    Args:
        planned: The trainings.
        records: Their records, in the same order.
        calibration: The judge; as many digits are generated as it has test images.
        folder: Where the scores are kept, a file a training.
        say: Hears a line before each training.

    Returns:
        The runs, in the same order.
    """
    runs = []
    for number, (training, record) in enumerate(zip(planned, records, strict=True), start=1):
        say(f"scoring {number} of {len(planned)}: {record.recipe}, seed {record.seed}")
        of = f"judge {calibration.digest}, {len(calibration.test)} digits, training of {record.began}"
        scores = _Scores(folder / f"{training.name}.scores.json", of)
        for step in record.reports:
            if str(step) not in scores.values:
                scores.keep(str(step), _score(training, report_folder(record.run, step), calibration))
        if record.recipe in WITH_CLASSIFICATION and END not in scores.values:
            scores.keep(END, {CLASSIFICATION_ACCURACY: _classification_accuracy(training, record)})
        runs.append(_run(record, scores.values))
    return runs


class _Scores:
    """Scores of one training in a file, written after each; those of another judge, sample or training are dropped."""

    def __init__(self, file: Path, of: str) -> None:
        content: Any = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self._file, self._of = file, of
        self.values: dict[str, Values] = content["values"] if content.get("of") == of else {}

    def keep(self, key: str, values: Values) -> None:
        self.values[key] = values
        content = {"of": self._of, "values": self.values}
        write_bytes((json.dumps(content, indent=2) + "\n").encode(), self._file)


def _score(training: Planned, networks: Path, calibration: Calibration) -> Values:
    generate = find_family(training.settings.family).generate
    if generate is None:
        raise BenchmarkError(f"`recipes` must be of a family that makes digits. Received: {training.settings.family}")
    made = generate(load_parts(networks), training.settings, len(calibration.test))
    return measure_quickly(calibration.judge.sample(made.images, made.asked), calibration.test)


def _classification_accuracy(training: Planned, record: Record) -> float:
    """By the stage itself, which keeps it with the run's other figures."""
    wanted = (f"run={record.folder}", "evaluate.weights=last", "evaluate.classification_accuracy=true")
    timed = run_timed([sys.executable, "-m", "pipeline.evaluate", *training.overrides, *wanted], folder=STORE_ROOT)
    if timed.status:
        raise BenchmarkError(f"the evaluation must end with status 0. Received: {timed.status} of {record.folder}")
    figures = json.loads((record.run.reports / "metrics.json").read_text(encoding="utf-8"))
    return float(figures["quality"][CLASSIFICATION_ACCURACY]["value"])


def _run(record: Record, scores: dict[str, Values]) -> Run:
    return Run(
        recipe=record.recipe,
        seed=record.seed,
        label=record.label,
        reports=tuple(Report(step, record.reports[step], scores[str(step)]) for step in sorted(record.reports)),
        seconds=record.seconds,
        processor_seconds=record.processor_seconds,
        classification_accuracy=scores.get(END, {}).get(CLASSIFICATION_ACCURACY),
    )
