"""The signals that stop a training, sent to this process."""

import os
import signal
from collections.abc import Iterator
from threading import Thread
from types import FrameType

import pytest

from pipeline.runs.interruption import Interruption


class StoppedError(Exception):
    """A handler of the tests' own was called."""


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise StoppedError(f"{int(number)} at {frame.f_code.co_name if frame else 'stop'}")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def train(*numbers: int, error: Exception | None = None) -> None:
    """A training of two steps, after each of which it may stop; all signals come in the first."""
    with Interruption() as interruption:
        assert not interruption.requested()
        interruption.stop()
        for number in numbers:
            os.kill(os.getpid(), number)
            assert interruption.requested()
        if error:
            raise error
        interruption.stop()
        pytest.fail("the training was not stopped")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_kept_until_it_may_stop_the_training(number: int) -> None:
    with pytest.raises(StoppedError, match=f"^{int(number)} at stop$"):
        train(number)


def test_a_second_signal_stops_at_once() -> None:
    with pytest.raises(StoppedError, match=f"^{int(signal.SIGTERM)} at train$"):
        train(signal.SIGINT, signal.SIGTERM)


def test_a_signal_that_came_after_the_last_checkpoint_stops_at_the_end() -> None:
    with pytest.raises(StoppedError), Interruption():
        os.kill(os.getpid(), signal.SIGINT)


def test_an_error_of_the_training_goes_before_a_signal() -> None:
    with pytest.raises(RuntimeError, match="it diverged"):
        train(signal.SIGINT, error=RuntimeError("it diverged"))


def test_a_signal_that_is_ignored_stays_ignored_and_handlers_come_back() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    handler = signal.getsignal(signal.SIGINT)
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert not interruption.requested()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) == handler
    signal.signal(signal.SIGTERM, before)


def train_while_suspended(*, before: bool = False, meanwhile: bool = False, after: bool = False) -> None:
    """A training that keeps no signal for a while; one may come before, meanwhile or after."""
    with Interruption() as interruption:
        if before:
            os.kill(os.getpid(), signal.SIGINT)
        with interruption.suspended():
            assert not before
            if meanwhile:
                os.kill(os.getpid(), signal.SIGINT)
        if after:
            os.kill(os.getpid(), signal.SIGINT)
            assert interruption.requested()


def test_while_it_is_suspended_a_signal_stops_at_once() -> None:
    with pytest.raises(StoppedError, match="at train_while_suspended$"):
        train_while_suspended(meanwhile=True)


def test_a_signal_that_was_kept_before_stops_the_training() -> None:
    with pytest.raises(StoppedError, match="at stop$"):
        train_while_suspended(before=True)


def test_after_it_was_suspended_a_signal_is_kept_again() -> None:
    with pytest.raises(StoppedError, match="at stop$"):
        train_while_suspended(after=True)


def test_in_a_thread_signals_are_left_alone() -> None:
    errors: list[Exception] = []

    def enter() -> None:
        try:
            with Interruption():
                pass
        except ValueError as error:
            errors.append(error)

    thread = Thread(target=enter)
    thread.start()
    thread.join()
    assert not errors
