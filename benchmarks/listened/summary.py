"""Times of trainings with and without listeners → rows, goals and a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measuring.picture import Bars, draw
from benchmarks.measuring.results import Goal, Row

MOST_SHARE, MOST_GIGABYTES = 0.03, 1.5


@dataclass(frozen=True)
class Round:
    """One training with all of it alone, and one beside another with none, whose steps were taken by turns.

    Attributes:
        turns: Seconds of the steps of one turn with all of it on, and of the same steps with all of it off.
        between: Seconds beside steps and evaluation, up to the end of the loop, of the one alone.
        steps: Seconds of all its steps.
        evaluation: Seconds of its held-out losses and measures, which are a training's own.
        once: Seconds before its first step and after its last, whatever the length.
        memory: The most bytes that it held.
    """

    turns: Sequence[tuple[float, float]]
    between: float
    steps: float
    evaluation: float
    once: float
    memory: int

    @property
    def slower(self) -> float:
        """How much longer steps took than bare ones, as a share of these, by the middle turn."""
        return median(on / off for on, off in self.turns) - 1

    @property
    def bare(self) -> float:
        """Seconds that steps and evaluation of the one alone would take with all of it off, reckoned."""
        return self.steps / (1 + self.slower) + self.evaluation

    @property
    def share(self) -> float:
        """What listening adds to the training's own time, without what comes once a training."""
        return (self.between + self.steps + self.evaluation) / self.bare - 1

    def share_of(self, intervals: float) -> float:
        """What listening adds to a training of so many of these lengths, with what comes once."""
        return self.share + self.once / (intervals * self.bare)


def make_rows(rounds: Sequence[Round], *, intervals: float) -> list[Row]:
    """Gives what listening adds, and of what that is made.

    Args:
        rounds: One at least.
        intervals: How many of these lengths the project's own training has.
    """
    shares = [
        ("added between the reports", [each.share for each in rounds]),
        ("added to the project's own training, reckoned", [each.share_of(intervals) for each in rounds]),
        ("steps slower by", [each.slower for each in rounds]),
        ("between steps", [each.between / each.bare for each in rounds]),
    ]
    seconds = [
        ("steps, all on", [each.steps for each in rounds]),
        ("tracking, checkpoints, pictures and progress", [each.between for each in rounds]),
        ("the same, once a training: run opened, models logged", [each.once for each in rounds]),
        ("evaluation at the reports, no overhead", [each.evaluation for each in rounds]),
    ]
    return [
        *(Row.of(name, values, unit="share") for name, values in shares),
        *(Row.of(name, values, unit="s") for name, values in seconds),
        Row.of("peak memory of a whole training", [rounds[0].memory / 1e9], unit="GB"),
    ]


def pair_turns(on: Sequence[float], off: Sequence[float], *, steps: int) -> list[tuple[float, float]]:
    """Adds up the seconds of each turn.

    Args:
        on: Seconds of each step with all of it on, but for the first, which is compiled.
        off: The same with all of it off.
        steps: Steps a turn. The turn of the first step is left out, and one that was not whole.

    Returns:
        The two sums of each turn; of all steps where there is no whole turn.
    """
    starts = range(steps - 1, len(on) - steps + 1, steps)
    return [(sum(on[at : at + steps]), sum(off[at : at + steps])) for at in starts] or [(sum(on), sum(off))]


def find_goals(rounds: Sequence[Round], *, intervals: float, counts: bool) -> list[Goal]:
    """Compares what listening adds with what was to be reached.

    Args:
        rounds: One at least.
        intervals: As for `make_rows`.
        counts: False where there were too few rounds or other settings.
    """
    share = median(each.share for each in rounds)
    whole = median(each.share_of(intervals) for each in rounds)
    memory = rounds[0].memory / 1e9
    return [
        Goal.of("overhead between the reports, share", "<", MOST_SHARE, got=share, counts=counts),
        Goal.of("overhead of the project's own training, reckoned", "<", MOST_SHARE, got=whole, counts=counts),
        Goal.of("peak memory of a whole training, GB", "<", MOST_GIGABYTES, got=memory, counts=counts),
    ]


def draw_overhead(rows: Sequence[Row], path: Path) -> None:
    """Draws the shares and the seconds."""
    panels = [
        Bars("share of the training's own time", _labelled(rows, "share"), bound=MOST_SHARE),
        Bars("seconds", _labelled(rows, "s")),
    ]
    draw(panels, path, title="What tracking, checkpoints, pictures and progress add to a training")


def _labelled(rows: Sequence[Row], unit: str) -> list[tuple[str, Row]]:
    return [(row.name, row) for row in rows if row.unit == unit]
