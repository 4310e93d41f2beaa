"""Samples of steps → rows, a table, goals and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measuring.findings import figure
from benchmarks.measuring.picture import Bars, draw
from benchmarks.measuring.results import Goal, Row, markdown_table
from benchmarks.measuring.turns import ratios
from benchmarks.steps.variants import PEERS, VARIANTS

GIGABYTE = 1e9
FASTER_THAN_EXAMPLE, FASTER_THAN_TORCH, SHARE_OF_LIMIT, FASTER_THAN_ORIGINAL, MOST_GIGABYTES = 2.0, 1.5, 0.8, 1.6, 1.5


@dataclass(frozen=True)
class Samples:
    """What one variant needed.

    Attributes:
        seconds: A step, one figure a round.
        images: Real images that a step draws.
        memory: The most bytes that its process held.
        operations: Floating-point operations of a step, its convolutions taken as plain sums: what takes fewer of them
            may get beyond what the machine does at best.
    """

    seconds: Sequence[float]
    images: int
    memory: int
    operations: int

    @property
    def speeds(self) -> list[float]:
        """Real images a second, one figure a round."""
        return [self.images / seconds for seconds in self.seconds]

    def shares(self, rates: Sequence[float]) -> list[float]:
        """What it computes a second, as a share of what the machine does at best in the same round."""
        return [self.operations / seconds / rate for seconds, rate in zip(self.seconds, rates, strict=True)]


def make_rows(found: Mapping[str, Samples], rates: Sequence[float]) -> list[Row]:
    """Gives the rows of all variants.

    Args:
        found: Samples by the names of `VARIANTS`.
        rates: Operations a second of NumPy's matrix product, one figure a round.
    """
    rows = [Row.of("NumPy's matrix product", [rate / 1e9 for rate in rates], unit="GFLOP/s")]
    for name, samples in found.items():
        title = VARIANTS[name].title
        rows += [
            Row.of(f"{title}: a step", samples.seconds, unit="s"),
            Row.of(f"{title}: speed", samples.speeds, unit="images/s"),
            Row.of(f"{title}: share of the matrix product's rate", samples.shares(rates), unit="share"),
            Row.of(f"{title}: peak memory", [samples.memory / GIGABYTE], unit="GB"),
        ]
        if "example" in found:
            faster = ratios(samples.speeds, found["example"].speeds)
            rows.append(Row.of(f"{title}: speed against the example's own way", faster, unit="ratio"))
    return rows


def find_goals(found: Mapping[str, Samples], rates: Sequence[float], *, counts: bool) -> list[Goal]:
    """Compares what was found with what was to be reached; a goal whose variants were not run has no figure.

    Args:
        found: Samples by the names of `VARIANTS`.
        rates: As for `make_rows`.
        counts: False where there were too few rounds or other networks.
    """
    torch = min((name for name in PEERS if name in found), key=lambda name: median(found[name].seconds), default="")
    share = median(found["original"].shares(rates)) if "original" in found else None
    memory = [samples.memory / GIGABYTE for name, samples in found.items() if name in ("original", "default-own")]
    return [
        Goal.of(name, sign, bound, got=got, counts=counts)
        for name, sign, bound, got in (
            (
                "original against the example's own way",
                ">=",
                FASTER_THAN_EXAMPLE,
                _faster(found, "original", "example"),
            ),
            ("original against PyTorch's best", ">=", FASTER_THAN_TORCH, _faster(found, "original", torch)),
            ("original: share of the matrix product's rate", ">=", SHARE_OF_LIMIT, share),
            (
                "default against original, both at batch 100",
                ">=",
                FASTER_THAN_ORIGINAL,
                _faster(found, "default", "original"),
            ),
            ("peak memory of steps, GB", "<", MOST_GIGABYTES, max(memory, default=None)),
        )
    ]


def variants_table(found: Mapping[str, Samples], rates: Sequence[float]) -> str:
    """Gives a line a variant as a Markdown table, medians over rounds, the spread of seconds in brackets."""
    cells = []
    for name, samples in found.items():
        row = Row.of("", samples.seconds, unit="s")
        faster = _faster(found, name, "example")
        cells.append(
            (
                VARIANTS[name].title,
                str(samples.images),
                f"{row.median:.3f} ({row.min:.3f}–{row.max:.3f})",
                figure(median(samples.speeds)),
                "-" if faster is None else f"{faster:.2f}×",
                f"{samples.operations / 1e9:.1f}",
                f"{median(samples.shares(rates)):.0%}",
                f"{samples.memory / GIGABYTE:.2f}",
            )
        )
    headings = ("way", "batch", "seconds a step", "images a second", "against the example", "GFLOP a step")
    return markdown_table((*headings, "of the matrix product's rate", "peak memory, GB"), cells, left=1)


def draw_steps(found: Mapping[str, Samples], rates: Sequence[float], path: Path) -> None:
    """Draws speed and share of the limit, a bar a variant."""
    titles = {name: VARIANTS[name].title for name in found}
    speeds = [(titles[name], Row.of("", own.speeds, unit="images/s")) for name, own in found.items()]
    shares = [(titles[name], Row.of("", own.shares(rates), unit="share")) for name, own in found.items()]
    panels = [
        Bars("real images a second", speeds),
        Bars("share of the matrix product's rate", shares, bound=SHARE_OF_LIMIT),
    ]
    draw(panels, path, title="One training step of the AC-GAN")


def _faster(found: Mapping[str, Samples], name: str, other: str) -> float | None:
    if name not in found or other not in found:
        return None
    return median(ratios(found[name].speeds, found[other].speeds))
