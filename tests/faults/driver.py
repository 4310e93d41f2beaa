"""Runs a stage until something befalls it: `python driver.py FAULT MODULE [OVERRIDE ...]`.

FAULT is NAME@STEP: a signal's name, sent to the process itself once STEP steps are taken and the figures of those
before are in the tracking store; or WAIT, for a file named `go` in the working directory. For the training's loop a
step lasts half the seconds between two checkpoints.
"""

import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.data.keys import Key
from pipeline.tracking import points
from pipeline.training import loop
from pipeline.training.history import History

STEP_SECONDS = 25.0


class Clock:
    """A clock that a step moves."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def prepare(fault: str, at: int) -> None:
    # A shell starts what it runs in the background with Ctrl-C ignored, and the tests may be among that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    add, clock = History.add, Clock()

    def add_until(history: History, losses: Mapping[Key, float]) -> None:
        add(history, losses)
        clock.seconds += STEP_SECONDS
        if history.step == at:
            befall(fault)

    setattr(History, add.__name__, add_until)
    setattr(loop, time.__name__, clock)
    points._SECONDS = 0.0


def befall(fault: str) -> None:
    if fault != "WAIT":
        os.kill(os.getpid(), signal.Signals[fault])
    while not Path("go").exists():
        time.sleep(0.1)


if __name__ == "__main__":
    name, step = sys.argv[1].split("@")
    module, *overrides = sys.argv[2:]
    sys.argv = [module, *overrides]
    prepare(name, int(step))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
