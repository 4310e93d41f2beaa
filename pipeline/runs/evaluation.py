"""The evaluation of a finished training: its result as files, tracked metrics and tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

from pipeline.data.dataset_file import read_splits
from pipeline.data.files import write_json, write_text
from pipeline.data.keys import QUALITY, REFERENCE, Key
from pipeline.data.metrics import nest, rounded
from pipeline.data.rows import Row, as_csv
from pipeline.evaluation.accuracy import Confusion
from pipeline.evaluation.references import Measurement
from pipeline.judging.calibration import Calibration, judge_metadata
from pipeline.judging.description import judge_tags
from pipeline.judging.quality import Quality, measure_family
from pipeline.rendering.tables import confusion_rows, digits_table, losses_table, measurements_table
from pipeline.runs.baselines import baseline_errors
from pipeline.runs.finished import FinishedRun
from pipeline.runs.folder import RunFiles
from pipeline.runs.location import Weights
from pipeline.settings.images import DIGITS, ImageFormat
from pipeline.tracking.recorder import Recorder
from pipeline.training.family import Family
from pipeline.training.history import Point

CONFUSION = "confusion"


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """Test losses and the quality of generated digits.

    Attributes:
        weights: The weights that were evaluated.
        losses: Test losses by key, such as `test/hard/generator/loss`.
        quality: The judge's figures of generated digits; none of a family that makes none on demand.
        headline: The few of these numbers that `dvc metrics` and `dvc exp show` compare, by key without a split.
        format: The form of the images.
    """

    weights: Weights
    losses: Mapping[Key, float]
    quality: Quality | None
    headline: Mapping[Key, float]
    format: ImageFormat = DIGITS

    @property
    def figures(self) -> Mapping[Key, Measurement]:
        """The judge's figures by key; empty without a judge."""
        return self.quality.figures if self.quality else {}

    def values(self, *, digits: bool = True) -> dict[Key, float]:
        """Returns losses, figures as `quality/…` and their references as `reference/…`, by key.

        Without `digits`, figures of single digits are left out.
        """
        shown = {key: figure for key, figure in self.figures.items() if digits or not key.of_one_digit}
        values = {key.on(QUALITY): figure.value for key, figure in shown.items()}
        references = {key.on(REFERENCE): figure.reference for key, figure in shown.items()}
        return {**self.losses, **values, **references}

    def write(self, files: RunFiles) -> None:
        """Writes the headline to `metrics.json` and, in the folder `evaluation`, everything with tables and pictures.

        Every figure is in `figures.csv`, and with the training, the weights and the judge in `figures.json`, which is
        removed first and written last: with it, the evaluation is whole. Where digits were asked for, the confusion is
        a table and a picture.
        """
        whole = files.evaluation / "figures.json"
        whole.unlink(missing_ok=True)
        write_json(rounded(nest(self.headline)), files.metrics)
        write_text(as_csv(rounded(self._figure_rows())), files.evaluation / "figures.csv")
        if self._confusion is not None:
            # Not at the top: families without one would wait a quarter of a second for Matplotlib.
            from pipeline.rendering.confusion import draw_confusion

            write_text(as_csv(_readings(self._confusion, self.format.names)), files.evaluation / f"{CONFUSION}.csv")
            picture, kind, names = files.evaluation / f"{CONFUSION}.png", self.format.kind, self.format.column_names
            title = f"what the judge reads for each {kind} asked for, in percent"
            draw_confusion(self._confusion, picture, title=title, names=names, kind=kind)
        write_json(rounded({"training": files.metadata().get("digest"), **self._figures_with_origin()}), whole)

    def log(self, run: Recorder, files: RunFiles) -> None:
        """Logs values, the judge and the files that `write` wrote."""
        run.tags({"weights": self.weights.which})
        run.log(Point(key, value, self.weights.step) for key, value in self.values().items())
        run.file(files.metrics)
        if self.quality:
            run.tags(judge_tags(self.quality.calibration))
        if self._confusion is not None:
            run.table(confusion_rows(self._confusion, self.format.names, of="asked"), f"{CONFUSION}.csv")
            run.file(files.evaluation / f"{CONFUSION}.png", "pictures")
            run.illustrate(f"pictures/{CONFUSION}.png", f"What the judge reads for each {self.format.kind} asked for")

    def tables(self, family: Family) -> Iterator[Table]:
        """Yields a table of losses for each scheme; of the quality, one by digit and one of all figures."""
        for scheme in dict.fromkeys(key.scheme for key in self.losses):
            losses = {key: value for key, value in self.losses.items() if key.scheme == scheme}
            yield losses_table(f"{scheme} test losses in {family.spoken_units(losses)}".strip(), {"test": losses})
        if self.quality:
            kind, things, names = self.format.kind, self.format.plural, self.format.column_names
            weights = f"weights of step {self.weights.step:,} ({self.weights.which})"
            title = f"{self.quality.count:,} generated {things}, {weights}"
            yield digits_table(f"{title}, by {kind}", self.figures, names=names, real=f"real {things}")
            yield measurements_table(title, self.figures, real=f"real {things}")

    @property
    def _confusion(self) -> Confusion | None:
        return self.quality.confusion if self.quality else None

    def _figure_rows(self) -> list[Row]:
        losses: list[Row] = [{"figure": key, "value": value} for key, value in self.losses.items()]
        return losses + [{"figure": key.on(QUALITY), **asdict(figure)} for key, figure in self.figures.items()]

    def _figures_with_origin(self) -> dict[str, object]:
        quality = {key.on(QUALITY): asdict(figure) for key, figure in self.figures.items()}
        judge = {"judge": judge_metadata(self.quality.calibration)} if self.quality else {}
        return {"weights": asdict(self.weights), **nest(self.losses), **nest(quality), **judge}


def evaluate_run(finished: FinishedRun, family: Family, calibration: Calibration | None) -> EvaluationResult:
    """Scores a finished run's models, with the weights that `evaluate.weights` names.

    `calibration` is None for a family that makes no digits on demand.
    """
    settings = finished.settings
    weights = finished.choose(settings.evaluate.weights)
    parts = finished.parts(weights)
    splits = read_splits(settings.data)
    losses = family.evaluate(parts, splits, settings)
    quality = measure_family(family, parts, settings, calibration) if calibration else None
    return EvaluationResult(
        weights=weights,
        losses=losses | baseline_errors(family, splits, settings),
        quality=quality,
        headline=headline_numbers(family, losses, quality),
        format=settings.format,
    )


def headline_numbers(family: Family, losses: Mapping[Key, float], quality: Quality | None) -> dict[Key, float]:
    """Returns the numbers of an evaluation that a family's `headline` names, by the measure alone."""
    figures = quality.figures if quality else {}
    measured = {key.measure: value for key, value in losses.items()}
    measured |= {key.measure: figure.value for key, figure in figures.items() if not key.digit}
    return {Key(key.measure): measured[key.measure] for key in family.headline if key.measure in measured}


def _readings(counts: Confusion, names: Sequence[str]) -> list[Row]:
    """A row an image, as DVC's template of a confusion matrix counts them."""
    rows = zip(names, counts.tolist(), strict=True)
    cells = [(asked, read, count) for asked, row in rows for read, count in zip(names, row, strict=True)]
    return [{"asked": asked, "read": read} for asked, read, count in cells for _ in range(count)]
