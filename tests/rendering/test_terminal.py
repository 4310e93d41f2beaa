import io

import pytest
from rich.console import Console

from pipeline.rendering.tables import rows_table
from pipeline.rendering.terminal import LOG_WIDTH, Length, TrainingProgress, make_console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def logged(file: io.StringIO) -> list[str]:
    return file.getvalue().splitlines()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


def progress(
    log: io.StringIO, clock: Clock, first_step: int = 0, label: str = "", prefix: str = ""
) -> TrainingProgress:
    length = Length(1000, 100, 50_000, first_step)
    return TrainingProgress(length, console=make_console(log), clock=clock, label=label, prefix=prefix)


def test_a_thousand_steps_of_a_hundred_are_two_epochs_of_fifty_thousand() -> None:
    length = Length(1000, 100, 50_000)
    assert length.epochs == 2
    assert [length.epoch(step) for step in (0, 1, 500, 501, 1000)] == [1, 1, 1, 2, 2]


def test_one_epoch_is_said_in_the_singular(log: io.StringIO, clock: Clock) -> None:
    with TrainingProgress(Length(600, 100, 60_000), console=make_console(log), clock=clock):
        pass
    assert logged(log)[0] == "training 600 steps, 1 epoch"


def test_an_epoch_that_does_not_divide_the_run_is_counted_whole() -> None:
    assert Length(10, 100, 300).epochs == 4


@pytest.mark.parametrize("numbers", [(10, 0, 1), (10, 1, 0), (10, 1, 1, 11), (-1, 1, 1)])
def test_a_length_that_cannot_be_is_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Received: Length"):
        Length(*numbers)


def test_a_pause_counts_neither_for_the_speed_nor_for_the_time_taken(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock) as bar:
        for step in range(1, 1001):
            clock.now += 1 / 8
            bar.advance(step)
            if step == 8:
                with bar.paused():
                    clock.now += 60
                    assert logged(log)[-1].startswith("epoch 1/2  step 8/1,000")
    assert "step 88/1,000  800 images/s" in logged(log)[2]
    assert "800 images/s  0:02:05 taken" in logged(log)[-1]


def test_after_a_pause_the_bar_comes_back_below_what_was_printed_meanwhile(clock: Clock) -> None:
    terminal = Terminal()
    with progress(terminal, clock) as bar:
        bar.report("before")
        with bar.paused():
            bar.advance(1, {"generator": 1.5})
            assert "generator 1.5" not in terminal.getvalue()
            terminal.write("meanwhile\n")
        _, after = terminal.getvalue().split("meanwhile\n")
        assert after.index("\n") < after.index("\x1b[1A") < after.index("generator 1.5")


def test_a_log_has_a_line_each_ten_seconds_and_one_at_the_end(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock) as bar:
        for step in range(1, 1001):
            clock.now += 1 / 32
            bar.advance(step, {"generator": 1.5})
    steps = [line.split("step ")[1].split("/")[0] for line in logged(log)[1:]]
    assert steps == ["320", "640", "960", "1,000"]


def test_a_line_says_epoch_step_images_a_second_time_left_and_losses(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock) as bar:
        for step in range(1, 601):
            clock.now += 1 / 8
            bar.advance(step, {"generator": 1.5, "discriminator": 0.25})
        bar.report()
        line = logged(log)[-1]
    assert line == ("epoch 2/2  step 600/1,000  800 images/s  0:00:50 left  generator 1.5000  discriminator 0.2500")


def test_compiling_the_first_step_does_not_count_as_slowness(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock) as bar:
        clock.now += 60
        for step in range(1, 11):
            clock.now += 1 / 8
            bar.advance(step)
    assert "800 images/s" in logged(log)[-1]


def test_a_continued_run_says_so_and_counts_on(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock, first_step=400) as bar:
        bar.advance(401)
    assert logged(log)[0] == "training 1,000 steps, 2 epochs, continued after step 400"
    assert "step 401/1,000" in logged(log)[1]


def test_every_line_bears_the_job_and_the_label(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock, label="smoke", prefix="job 2 of 4") as bar:
        bar.advance(1000)
    assert all(line.startswith("job 2 of 4 | smoke | ") for line in logged(log))


def test_a_report_prints_the_progress_and_then_the_table(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock) as bar:
        bar.advance(10)
        bar.report(rows_table("losses", ["component", "loss"], [["generator", 0.5]]), "[note] the end")
    lines = [line.split()[0] for line in logged(log) if line.strip()]
    assert lines[:2] == ["training", "epoch"]
    assert lines[2:4] == ["losses", "component"]
    assert lines[-1] == "[note]"


def test_the_last_step_says_the_time_taken_and_is_printed_once(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock) as bar:
        clock.now += 90
        bar.advance(1000)
        bar.report()
    assert len(logged(log)) == 2
    assert "0:01:30 taken" in logged(log)[1]


def test_former_losses_stay_until_there_are_newer_ones(log: io.StringIO, clock: Clock) -> None:
    with progress(log, clock) as bar:
        bar.advance(1, {"generator": 1.5})
        bar.advance(2)
    assert logged(log)[-1].endswith("generator 1.5000")


def test_an_error_leaves_the_step_it_came_at_in_the_log(log: io.StringIO, clock: Clock) -> None:
    def interrupted() -> None:
        with progress(log, clock) as bar:
            bar.advance(7)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "step 7/1,000" in logged(log)[-1]


def test_a_terminal_of_80_columns_shows_a_live_bar_with_everything_on_it(clock: Clock) -> None:
    terminal = Terminal()
    console = Console(file=terminal, width=80, force_terminal=True, color_system=None, legacy_windows=False)
    length = Length(60_000, 100, 60_000)
    with TrainingProgress(length, console=console, clock=clock, label="smoke", prefix="job 2 of 4") as bar:
        for step in range(1, 12_346):
            clock.now += 1 / 8
            bar.advance(step, {"generator": 1.5, "discriminator": 0.25})
        bar.report("a note")
    lines = terminal.getvalue().replace("\r", "\n").splitlines()
    assert any("a note" in line for line in lines)
    place = max(place for place, line in enumerate(lines) if "images/s" in line)
    assert "job 2 of 4 | smoke | generator 1.5000  discriminator 0.2500" in "".join(lines[place - 1 : place])
    assert "epoch 21/100  step 12,345/60,000" in lines[place]
    assert "800 images/s  1:39:17 left" in lines[place]
    assert "━━━" in lines[place]


def test_a_bar_before_its_first_step_says_that_it_waits(clock: Clock) -> None:
    terminal = Terminal()
    console = Console(file=terminal, width=80, force_terminal=True, color_system=None)
    with TrainingProgress(Length(10, 1, 10), console=console, clock=clock):
        pass
    assert "waiting for the first step" in terminal.getvalue()


def test_colour_forced_on_a_log_file_brings_no_live_bar(
    log: io.StringIO, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress(log, clock) as bar:
        bar.advance(1000)
    assert len(logged(log)) == 2


def test_a_log_file_is_wide_enough_for_whole_tables_and_has_no_colours(log: io.StringIO) -> None:
    console = make_console(log)
    assert console.width == LOG_WIDTH
    console.print("x", style="bold red")
    assert log.getvalue() == "x\n"


def test_standard_output_is_the_console_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    make_console().print("here")
    assert capsys.readouterr().out == "here\n"


def test_brackets_in_a_text_are_printed_as_they_are() -> None:
    log = io.StringIO()
    make_console(log).print("[a] of [/a] in [red]")
    assert log.getvalue() == "[a] of [/a] in [red]\n"
