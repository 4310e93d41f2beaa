"""Runs a stage until something befalls it: `python driver.py FAULT MODULE [OVERRIDE ...]`.

FAULT is WHAT@WHERE. WHERE is the number of a step, once it is taken and the figures of those before are in the
tracking store; or the name of a function and the number of a call of it, as MODULE:FUNCTION:1. WHAT is one of

- a signal's name, sent to the process itself; or several, joined by `+`, sent one after the other
- SIGKILL.N: that signal at the N-th call or return of a function after that
- WAIT: for a file named `go` in the working directory, after one named `waiting` is made
- CLOSE: for SIGHUP, after a file named `close` is made
- `-`: nothing
- FULL: from then on no file can grow, as on a full disk

For the training's loop a step lasts half the seconds between two checkpoints. At its end it waits `SERVER_SECONDS` of
the environment, if given, for a tracking server.
"""

import importlib
import os
import resource
import runpy
import signal
import sys
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from pipeline.data.keys import Key
from pipeline.tracking import courier, points
from pipeline.training import loop
from pipeline.training.history import History

STEP_SECONDS = 25.0
KILLED_IN = Path("killed-in")


class Clock:
    """A clock that a step moves."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def prepare(what: str, where: str) -> None:
    # A shell starts what it runs in the background with Ctrl-C ignored, and the tests may be among that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    add, clock = History.add, Clock()

    def add_until(history: History, losses: Mapping[Key, float]) -> None:
        add(history, losses)
        clock.seconds += STEP_SECONDS
        if str(history.step) == where:
            befall(what)

    setattr(History, add.__name__, add_until)
    setattr(loop, time.__name__, clock)
    points._SECONDS = 0.0
    courier.PATIENCE_SECONDS = float(os.environ.get("SERVER_SECONDS", courier.PATIENCE_SECONDS))
    if ":" in where:
        befall_in_function(what, *where.split(":"))


def befall_in_function(what: str, module: str, function: str, number: str) -> None:
    owner: Any = importlib.import_module(module)
    *classes, name = function.split(".")
    for one in classes:
        owner = getattr(owner, one)
    called: Callable[..., Any] = getattr(owner, name)

    calls = count(1)

    def call(*arguments: Any, **named: Any) -> Any:
        if next(calls) == int(number):
            befall(what)
        return called(*arguments, **named)

    setattr(owner, name, call)
    # Modules that were imported before have the function by its name.
    for other in list(sys.modules.values()):
        if vars(other).get(name) is called:
            setattr(other, name, call)


def befall(what: str) -> None:
    match what.partition("."):
        case ("WAIT", _, _):
            wait_for_go()
        case ("CLOSE", _, _):
            wait_for_hangup()
        case ("FULL", _, _):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        case (_, ".", number):
            sys.setprofile(Killer(int(number)))
        case (signals, _, _):
            for name in signals.split("+"):
                os.kill(os.getpid(), signal.Signals[name])


def wait_for_go() -> None:
    Path("waiting").touch()
    while not Path("go").exists():
        time.sleep(0.1)


def wait_for_hangup() -> None:
    """Lets the terminal be closed and goes on once the signal is handled: before that, more steps would be taken."""
    handle, arrived = signal.getsignal(signal.SIGHUP), list[int]()

    def hang_up(number: int, frame: FrameType | None) -> None:
        arrived.append(number)
        assert callable(handle)
        handle(number, frame)

    signal.signal(signal.SIGHUP, hang_up)
    Path("close").touch()
    while not arrived:
        time.sleep(0.1)


class Killer:
    """Kills the process at the N-th event that Python's profiler reports, and says in which functions it was."""

    def __init__(self, events: int) -> None:
        self.left = events

    def __call__(self, frame: FrameType | None, event: str, argument: object) -> None:
        self.left -= 1
        if self.left <= 0:
            sys.setprofile(None)
            names = []
            while frame is not None:
                names.append(frame.f_code.co_name)
                frame = frame.f_back
            with KILLED_IN.open("a", encoding="utf-8") as file:
                file.write(f"{' '.join(names)}\n")
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    fault, _, at = sys.argv[1].partition("@")
    module, *overrides = sys.argv[2:]
    sys.argv = [module, *overrides]
    prepare(fault, at)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
