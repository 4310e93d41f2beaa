"""The signals that stop a training: after the first it finishes its step, the second stops it at once."""

import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interruption:
    """Keeps the first signal for the length of the block, until `stop`; later signals have their own handlers again.

    A signal without a handler of Python's, such as one that is ignored, is left alone. So are all signals in a thread
    that is not the main one, which cannot have handlers.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[..., Any]] = {}
        self._received: int | None = None

    def __enter__(self) -> Self:
        """Takes the signals over."""
        self._take_over()
        return self

    def _take_over(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
                if callable(handler := signal.getsignal(number)):
                    self._handlers[number] = handler
                    signal.signal(number, self._keep)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Restores the former handlers; that of a signal that came too late for `stop` is called now."""
        self._give_back()
        if error is None:
            self.stop()

    def requested(self) -> bool:
        """Whether a signal came."""
        return self._received is not None

    def stop(self) -> None:
        """Calls the handler of the signal that came, if one did; the handlers of commands end the program."""
        if self._received is not None:
            number, self._received = self._received, None
            self._handlers[number](number, None)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """A block in which signals have their own handlers again; one that was kept is handled first."""
        self._give_back()
        self.stop()
        yield
        self._take_over()

    def _keep(self, number: int, _frame: object) -> None:
        self._received = number
        self._give_back()
        leave_dead_terminals()

    def _give_back(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def leave_dead_terminals() -> None:
    """Points outputs that go to a closed terminal at nothing, so that writing to them does not fail."""
    for output in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(output).st_mode) and not os.isatty(output):
                os.dup2(os.open(os.devnull, os.O_WRONLY), output)
