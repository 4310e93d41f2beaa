"""The progress of a run on a terminal or in a log file."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.table import Column
from rich.text import Text

from pipeline.rendering.tables import number

LOG_WIDTH = 160
REFRESHES_A_SECOND = 1.0
SECONDS_A_LINE = 10.0


@dataclass(frozen=True)
class Length:
    """The length of a run, in steps and in epochs.

    Attributes:
        steps: The step after which the run ends.
        batch_size: Training images a step.
        images_per_epoch: Training images.
        first_step: Steps already taken when the run starts, more than 0 where it continues.
    """

    steps: int
    batch_size: int
    images_per_epoch: int
    first_step: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.first_step <= self.steps and self.batch_size > 0 and self.images_per_epoch > 0):
            raise ValueError(f"`first_step` must lie in 0 to `steps`, and sizes be 1 or more. Received: {self}")

    @property
    def epochs(self) -> int:
        """Epochs of the whole run, the last perhaps not whole."""
        return max(1, -(-self.steps * self.batch_size // self.images_per_epoch))

    def epoch(self, step: int) -> int:
        """Returns the epoch, from 1, of the images of step `step`."""
        return max(1, -(-step * self.batch_size // self.images_per_epoch))


class TrainingProgress:
    """A live bar of a training run: epoch, step, images a second, time left, latest losses.

    Where the console is no terminal it prints plain lines instead: at most one each ten seconds, and one before
    each report::

        with TrainingProgress(Length(12_000, 100, 50_000), label="smoke") as progress:
            progress.advance(1, {"generator": 2.97, "discriminator": 1.52})
            progress.report(rows_table(...))
    """

    def __init__(
        self,
        length: Length,
        *,
        label: str = "",
        prefix: str = "",
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepares the bar; entering the context shows it, by default on standard output.

        `label` is what kind of run it is, such as "smoke", and `prefix` its place in a sweep, such as "job 2 of 4";
        both may be empty. `clock` is the time in seconds.
        """
        self._length = length
        self.head = " | ".join(part for part in (prefix, label) if part)
        self._console = console or make_console()
        self._clock, self._paused = clock, 0.0
        self._losses: dict[str, float] = {}
        self._printed_at, self._printed_step = self._now(), -1
        self._live = self._console.is_interactive and self._console.file.isatty()
        self._bar = _Bar(self, self._console, self._now)
        self._task = self._bar.add_task("training", total=length.steps, completed=length.first_step)

    def __enter__(self) -> Self:
        """Shows the bar, or the first plain line."""
        if self._live:
            self._bar.start()
        else:
            continued = f", continued after step {self._length.first_step:,}" if self._length.first_step else ""
            epochs = self._length.epochs
            spoken = f"{epochs} epoch{'' if epochs == 1 else 's'}"
            self._print(f"training {self._length.steps:,} steps, {spoken}{continued}")
        return self

    def __exit__(self, *_: object) -> None:
        """Stops the bar, or prints the last plain line."""
        if self._live:
            self._bar.stop()
        else:
            self._print_progress()

    def advance(self, step: int, losses: Mapping[str, float] | None = None) -> None:
        """Records that a step, counted from 1 over the whole run, is done; it may skip some.

        `losses` are the latest by the names to show; without them the former ones stay.
        """
        if losses:
            self._losses = dict(losses)
        self._bar.update(self._task, completed=step)
        if not self._live and self._now() - self._printed_at >= SECONDS_A_LINE:
            self._print_progress()

    def report(self, *renderables: RenderableType) -> None:
        """Prints tables, or texts as they are, above the bar or after a plain line of the progress."""
        if not self._live:
            self._print_progress()
        for renderable in renderables:
            shown = Text(renderable) if isinstance(renderable, str) else renderable
            self._console.print(shown, soft_wrap=isinstance(renderable, str) and not self._live)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stops the bar for the length of the block, whose time does not count."""
        if self._live:
            self._bar.stop()
        else:
            self._print_progress()
        started = self._clock()
        yield
        self._paused += self._clock() - started
        if self._live:
            # The bar goes up a line before it is drawn again.
            self._console.print()
            self._bar.start()

    def losses(self) -> str:
        """Returns the latest losses as one text."""
        return "  ".join(f"{name} {number(value)}" for name, value in self._losses.items())

    def place(self, task: Task) -> str:
        """Returns the epoch and the step as one text."""
        step, length = int(task.completed), self._length
        return f"epoch {length.epoch(step)}/{length.epochs}  step {step:,}/{length.steps:,}"

    def pace(self, task: Task) -> str:
        """Returns the images a second and the time left, or the time taken, as one text."""
        speed = "-" if task.speed is None else f"{task.speed * self._length.batch_size:,.0f}"
        if task.finished:
            return f"{speed} images/s  {_duration(task.elapsed)} taken"
        return f"{speed} images/s  {_duration(task.time_remaining)} left"

    def _print_progress(self) -> None:
        task = self._bar.tasks[0]
        if task.completed == self._printed_step:
            return
        self._printed_step = int(task.completed)
        self._print("  ".join(part for part in (self.place(task), self.pace(task), self.losses()) if part))

    def _now(self) -> float:
        return self._clock() - self._paused

    def _print(self, line: str) -> None:
        self._printed_at = self._now()
        self._console.print(Text(" | ".join(part for part in (self.head, line) if part)), soft_wrap=True)


class _TextColumn(ProgressColumn):
    def __init__(self, text: Callable[[Task], str]) -> None:
        super().__init__(Column(no_wrap=True))
        self._text = text

    def render(self, task: Task) -> Text:
        return Text(self._text(task))


class _Bar(Progress):
    def __init__(self, owner: TrainingProgress, console: Console, clock: Callable[[], float]) -> None:
        self._owner, self._screen = owner, console
        bar = BarColumn(bar_width=None, table_column=Column(ratio=1))
        columns = (_TextColumn(owner.place), bar, _TextColumn(owner.pace))
        super().__init__(*columns, console=console, get_time=clock, expand=True, refresh_per_second=REFRESHES_A_SECOND)

    def get_renderables(self) -> Iterable[RenderableType]:
        losses = self._owner.losses() or "waiting for the first step"
        head = f"{self._owner.head} | " if self._owner.head else ""
        yield Text(head, "bold", no_wrap=True, overflow="ellipsis").append(losses, "not bold")
        table = self.make_tasks_table(self.tasks)
        # Three columns stay free for the ^C that a terminal writes there: a line it breaks would be left behind.
        table.width = self._screen.width - 3
        yield table


def make_console(file: TextIO | None = None) -> Console:
    """Returns a console as wide as the terminal, or 160 columns wide in a file, where tables must not break.

    Brackets in a text are no markup: labels and paths may have them.
    """
    file = file or sys.stdout
    return Console(file=file, width=None if file.isatty() else LOG_WIDTH, highlight=False, markup=False)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-:--:--"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
