"""What an evaluation found of a training: written to files, logged and shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from pipeline.data import mnist
from pipeline.data.files import write_json
from pipeline.data.keys import QUALITY, REFERENCE, Key
from pipeline.data.metrics import nest
from pipeline.data.rows import Row, as_csv
from pipeline.evaluation.accuracy import Confusion
from pipeline.evaluation.references import Measurement
from pipeline.judging.calibration import Calibration
from pipeline.judging.description import judge_metadata, judge_tags
from pipeline.judging.quality import Quality, measure_family
from pipeline.rendering.confusion import draw_confusion
from pipeline.rendering.tables import digits_table, losses_table, measurements_table
from pipeline.runs.baselines import baseline_errors
from pipeline.runs.finished import FinishedRun, Weights
from pipeline.tracking.recorder import Recorder
from pipeline.training.family import Family
from pipeline.training.history import Point

METRICS, EVALUATION, CONFUSION = "metrics.json", "evaluation", "confusion"


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """All that an evaluation found.

    Attributes:
        weights: Whose they are.
        losses: Test losses by key, such as `test/hard/generator/loss`.
        quality: What the judge says of generated digits; none of a family that makes none on demand.
    """

    weights: Weights
    losses: Mapping[Key, float]
    quality: Quality | None

    @property
    def figures(self) -> Mapping[Key, Measurement]:
        """The judge's figures by name; none where it was not asked."""
        return self.quality.figures if self.quality else {}

    def values(self, *, digits: bool = True) -> dict[Key, float]:
        """Gives losses, figures as `quality/…` and their references as `reference/…`, by key.

        Args:
            digits: Whether figures of single digits are among them.
        """
        shown = {key: figure for key, figure in self.figures.items() if digits or not key.of_one_digit}
        values = {key.on(QUALITY): figure.value for key, figure in shown.items()}
        references = {key.on(REFERENCE): figure.reference for key, figure in shown.items()}
        return {**self.losses, **values, **references}

    def write(self, folder: Path) -> None:
        """Writes `metrics.json` and the folder `evaluation`.

        That has every figure in `figures.csv` and, where digits were asked for, the confusion as table and picture.
        """
        write_json(self._metrics(), folder / METRICS)
        tables = folder / EVALUATION
        tables.mkdir(parents=True, exist_ok=True)
        _write_rows(tables / "figures.csv", self._figure_rows())
        if self._confusion is not None:
            _write_rows(tables / f"{CONFUSION}.csv", _readings(self._confusion))
            title = "what the judge reads for each digit asked for, in percent"
            draw_confusion(self._confusion, tables / f"{CONFUSION}.png", title=title)

    def log(self, run: Recorder, folder: Path) -> None:
        """Logs everything, the files that `write` wrote among it."""
        run.tags({"weights": self.weights.which})
        run.log(Point(key, value, self.weights.step) for key, value in self.values().items())
        run.file(folder / METRICS)
        if self.quality:
            run.tags(judge_tags(self.quality.calibration))
        if self._confusion is not None:
            run.table(_counts(self._confusion), f"{CONFUSION}.csv")
            run.file(folder / EVALUATION / f"{CONFUSION}.png", "pictures")
            run.illustrate(f"pictures/{CONFUSION}.png", "What the judge reads for each digit asked for")

    def tables(self, units: str) -> Iterator[Table]:
        """Lays everything out for the terminal.

        Args:
            units: What losses are measured in.
        """
        for scheme in dict.fromkeys(key.scheme for key in self.losses):
            losses = {key: value for key, value in self.losses.items() if key.scheme == scheme}
            yield losses_table(f"{scheme} test losses in {units}".strip(), {"test": losses})
        if self.quality:
            title = f"{self.quality.count:,} digits of step {self.weights.step:,} ({self.weights.which})"
            yield digits_table(f"{title}, by digit", self.figures)
            yield measurements_table(title, self.figures)

    @property
    def _confusion(self) -> Confusion | None:
        return self.quality.confusion if self.quality else None

    def _figure_rows(self) -> list[Row]:
        losses: list[Row] = [{"figure": key, "value": value} for key, value in self.losses.items()]
        return losses + [{"figure": key.on(QUALITY), **asdict(figure)} for key, figure in self.figures.items()]

    def _metrics(self) -> dict[str, object]:
        quality = {key.on(QUALITY): asdict(figure) for key, figure in self.figures.items()}
        judge = {"judge": judge_metadata(self.quality.calibration)} if self.quality else {}
        return {"weights": asdict(self.weights), **nest(self.losses), **nest(quality), **judge}


def evaluate_run(finished: FinishedRun, family: Family, calibration: Calibration | None) -> EvaluationResult:
    """Scores a finished run's models, the weights that `evaluate.weights` names.

    Args:
        finished: The run.
        family: Its family.
        calibration: The judge; none for a family that makes no digits on demand.
    """
    settings = finished.settings
    weights = finished.choose(settings.evaluate.weights)
    parts = finished.parts(weights)
    splits = mnist.split(mnist.read(settings.data.file), settings.data)
    return EvaluationResult(
        weights=weights,
        losses=family.evaluate(parts, splits, settings) | baseline_errors(family, splits, settings),
        quality=measure_family(family, parts, settings, calibration) if calibration else None,
    )


def _write_rows(file: Path, rows: Sequence[Row]) -> None:
    file.write_text(as_csv(rows), encoding="utf-8", newline="\n")


def _readings(counts: Confusion) -> list[Row]:
    """A row a digit, as DVC's template of a confusion matrix counts them."""
    cells = [(asked, read, int(count)) for asked, row in enumerate(counts) for read, count in enumerate(row)]
    return [{"asked": asked, "read": read} for asked, read, count in cells for _ in range(count)]


def _counts(counts: Confusion) -> list[Row]:
    """A row a digit asked for, a column a digit read."""
    rows = enumerate(counts.tolist())
    return [{"asked": asked, **{f"read {read}": count for read, count in enumerate(row)}} for asked, row in rows]
