"""The observer of a training: passes its events to the terminal, the tracking store and the run's folder."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipeline.data.keys import Key
from pipeline.judging.quality import report_figures
from pipeline.rendering.grids import banded
from pipeline.rendering.tables import losses_table, measurements_table
from pipeline.rendering.terminal import Length, TrainingProgress
from pipeline.rendering.tiles import save_png, tile
from pipeline.runs.folder import RunFolder
from pipeline.runs.outputs import log_layers
from pipeline.runs.samples import write_samples
from pipeline.settings.composed import Settings
from pipeline.settings.paths import display
from pipeline.tracking.runs import Run
from pipeline.training.checkpoints import save_checkpoint, save_parts, save_state
from pipeline.training.family import Training, find_family, named_variables
from pipeline.training.history import History, Point
from pipeline.training.loop import CheckpointDue, Event, Points, ReportMade, Step
from pipeline.training.timing import Phase, Timers, untimed

IMAGES_PER_SECOND = Key("images_per_second")


class TrainingObserver:
    """Passes on the events of one training; its state is written when a checkpoint is due.

    The loop extends `history`; `timers` time all that is done with the events.
    """

    def __init__(
        self,
        training: Training,
        history: History,
        *,
        folder: RunFolder,
        run: Run,
        settings: Settings,
        timers: Timers = untimed,
    ) -> None:
        self._training, self._history, self._timers = training, history, timers
        self._folder, self._run, self._settings = folder, run, settings
        self._family = find_family(settings.family)
        self._progress: TrainingProgress | None = None
        self._held_out = ""
        self._taken = self._timed_step = history.step
        self._timed_at = time.monotonic()
        self._saved_best = history.best_step

    @contextmanager
    def progress(self, prefix: str, held_out: str) -> Iterator["TrainingObserver"]:
        """Shows a live progress bar for the length of the block, in which events are handled.

        `prefix` is the run's place in a sweep, or empty; `held_out` is the split that reports are made on.
        """
        self._held_out = held_out
        length = Length(
            steps=self._settings.model.steps,
            batch_size=self._training.images_per_step,
            images_per_epoch=self._training.images_per_epoch,
            first_step=self._history.step,
        )
        with TrainingProgress(length, label=self._settings.label or "", prefix=prefix) as self._progress:
            yield self

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leaves the terminal to the block, whose time counts for no speed."""
        started = time.monotonic()
        with self._bar.paused():
            yield
        self._timed_at += time.monotonic() - started

    def begin(self) -> None:
        """Draws the samples of step 0, where the slider and the animation begin, unless the training is resumed."""
        if not self._history.step:
            self._draw_samples(0)

    def on_event(self, event: Event) -> None:
        """Passes on one event; steps and reports only within `progress`."""
        match event:
            case Step():
                self._taken = event.step + event.ahead
                with self._timers(Phase.PROGRESS):
                    self._bar.advance(event.step, _totals(event.losses))
                if event.step in self._settings.tracking.early_samples:
                    self._draw_samples(event.step)
            case Points():
                with self._timers(Phase.TRACKING):
                    self._run.log([*event.points, *self._speed()])
            case ReportMade():
                with self._timers(Phase.PROGRESS):
                    self._show_report(event)
                if event.report.step not in self._settings.tracking.early_samples:
                    self._draw_samples(event.report.step)
                with self._timers(Phase.CHECKPOINT):
                    self._save_weights(event)
            case CheckpointDue():
                with self._timers(Phase.CHECKPOINT):
                    self._save_checkpoint()
                with self._timers(Phase.TRACKING):
                    self._run.flush()

    def _speed(self) -> list[Point]:
        """Images a second of the calls since the last points; not of the history, since it differs from run to run.

        The points of one call come at once: the first have its speed, the others none.
        """
        now = time.monotonic()
        steps, seconds = self._taken - self._timed_step, now - self._timed_at
        self._timed_step, self._timed_at = self._taken, now
        if not steps:
            return []
        return [Point(IMAGES_PER_SECOND, steps * self._training.images_per_step / seconds, self._history.step)]

    @property
    def _bar(self) -> TrainingProgress:
        if self._progress is None:
            raise RuntimeError("events must be handled within `progress`")
        return self._progress

    def _show_report(self, event: ReportMade) -> None:
        report, scheme = event.report, self._family.scheme
        held_out = {key: value for key, value in report.values.items() if key.scheme == scheme}
        splits = {"train": event.recent, self._held_out: held_out}
        units = self._family.spoken_units([*event.recent, *held_out])
        self._bar.report(losses_table(f"step {report.step:,}: losses in {units}", splits))
        if event.measured:
            things, figures = self._settings.format.plural, report_figures(event.measured)
            title = f"step {report.step:,}: generated {things}"
            self._bar.report(measurements_table(title, figures, real=f"real {things}"))
        for warning in report.warnings:
            self._bar.report(f"WARNING at step {report.step:,}: {warning}")
            self._run.tags({"warning": f"step {report.step:,}: {warning}"})

    def _save_checkpoint(self) -> None:
        folder, best = self._folder, self._history.best_step
        previous, variables = folder.previous_checkpoint, self._training.variables()
        save_checkpoint(folder.checkpoint, variables, self._history, previous=previous)
        # Each of the two checkpoints needs the weights of its own best report.
        folder.keep_best_checkpoints(self._saved_best, best)
        self._saved_best = best

    def _save_weights(self, event: ReportMade) -> None:
        step, parts = event.report.step, self._training.parts()
        halves = {name: parts[name] for name in list(parts)[:-1]}
        if event.best:
            save_state(self._folder.best_checkpoint(step), named_variables(halves), self._history)
        if self._settings.model.keep_every_report:
            save_parts(self._folder.report_weights(step), halves)
            for name in halves:
                log_layers(parts, name, self._run, f"layers-by-step/{step:07d}/{name}")

    def _draw_samples(self, step: int) -> None:
        with self._timers(Phase.PICTURES):
            tiles = self._training.samples()
            write_samples(self._folder.samples, step, tiles)
            picture = tile([banded(tiles)], magnify=self._settings.render.magnify)
            save_png(picture, self._folder.latest_samples)
            self._run.picture("samples", picture, step=step)
        if step:
            self._bar.report(f"step {step:,}: samples in {display(self._folder.latest_samples)}")


def _totals(losses: Mapping[Key, float]) -> dict[str, float]:
    totals = {key: value for key, value in losses.items() if key.measure in ("loss", "objective")}
    return {key.component or key.measure: value for key, value in totals.items()}
