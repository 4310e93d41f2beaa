"""What an evaluation found of a training: written to files, logged and shown."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from pipeline.data.rows import Row, as_csv
from pipeline.evaluation.accuracy import Confusion
from pipeline.evaluation.floors import Figure
from pipeline.rendering.confusion import draw_confusion
from pipeline.rendering.tables import digits_table, figures_table, losses_table, of_one_digit
from pipeline.session.cards import judge_facts, judge_tags
from pipeline.session.measuring import Quality
from pipeline.session.metrics import nest, write_json
from pipeline.session.trained import Weights
from pipeline.tracking.recorder import Recorder
from pipeline.training.family import FLOOR
from pipeline.training.history import Point

METRICS, CONFUSION = "metrics.json", "confusion"


@dataclass(frozen=True, eq=False)
class Scores:
    """All that an evaluation found.

    Attributes:
        weights: Whose they are.
        losses: Test losses by key, such as `test/hard/generator/loss`.
        quality: What the judge says of generated digits; none of a family that makes none on demand.
    """

    weights: Weights
    losses: Mapping[str, float]
    quality: Quality | None

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The judge's figures by name; none where it was not asked."""
        return self.quality.figures if self.quality else {}

    def values(self, *, digits: bool = True) -> dict[str, float]:
        """Gives losses, figures as `quality/…` and their floors as `floor/…`, by key.

        Args:
            digits: Whether figures of single digits are among them.
        """
        shown = {name: figure for name, figure in self.figures.items() if digits or not of_one_digit(name)}
        values = {f"quality/{name}": figure.value for name, figure in shown.items()}
        floors = {f"{FLOOR}{name}": figure.floor for name, figure in shown.items()}
        return {**self.losses, **values, **floors}

    def write(self, folder: Path) -> None:
        """Writes `metrics.json` and, where the judge was asked, `confusion.csv` and `confusion.png`."""
        write_json(self._metrics(), folder / METRICS)
        if self.quality:
            rows = _readings(self.quality.confusion)
            (folder / f"{CONFUSION}.csv").write_text(as_csv(rows), encoding="utf-8", newline="\n")
            title = "what the judge reads for each digit asked for, in percent"
            draw_confusion(self.quality.confusion, folder / f"{CONFUSION}.png", title=title)

    def log(self, run: Recorder, folder: Path) -> None:
        """Logs everything, the files that `write` wrote among it."""
        run.tags({"weights": self.weights.which})
        run.log(Point(key, value, self.weights.step) for key, value in self.values().items())
        run.file(folder / METRICS)
        if self.quality:
            run.tags(judge_tags(self.quality.calibration))
            run.table(_counts(self.quality.confusion), f"{CONFUSION}.csv")
            run.file(folder / f"{CONFUSION}.png", "pictures")
            run.illustrate(f"pictures/{CONFUSION}.png", "What the judge reads for each digit asked for")

    def tables(self, unit: str) -> Iterator[Table]:
        """Lays everything out for the terminal.

        Args:
            unit: What losses are measured in.
        """
        for scheme, losses in _by_scheme(self.losses).items():
            yield losses_table(f"{scheme} test losses in {unit}".strip(), {"test": losses})
        if self.quality:
            count = int(self.quality.confusion.sum())
            title = f"{count:,} digits of step {self.weights.step:,} ({self.weights.which})"
            yield digits_table(f"{title}, by digit", self.figures)
            yield figures_table(title, self.figures)

    def _metrics(self) -> dict[str, object]:
        quality: dict[str, float] = {}
        for name, figure in self.figures.items():
            quality |= {f"quality/{name}/{part}": number for part, number in asdict(figure).items()}
        judge = {"judge": judge_facts(self.quality.calibration)} if self.quality else {}
        return {"weights": asdict(self.weights), **nest(self.losses), **nest(quality), **judge}


def _readings(counts: Confusion) -> list[Row]:
    """A row a digit, as DVC's template of a confusion matrix counts them."""
    cells = [(asked, read, int(count)) for asked, row in enumerate(counts) for read, count in enumerate(row)]
    return [{"asked": asked, "read": read} for asked, read, count in cells for _ in range(count)]


def _counts(counts: Confusion) -> list[Row]:
    """A row a digit asked for, a column a digit read."""
    rows = enumerate(counts.tolist())
    return [{"asked": asked, **{f"read {read}": count for read, count in enumerate(row)}} for asked, row in rows]


def _by_scheme(losses: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Splits `test/SCHEME/COMPONENT/LOSS` by scheme; what has none is of the scheme without a name."""
    schemes: dict[str, dict[str, float]] = {}
    for key, value in losses.items():
        path = key.split("/")[1:]
        schemes.setdefault("/".join(path[:-2]), {})["/".join(path[-2:])] = value
    return schemes
