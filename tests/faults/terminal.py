"""Runs a command in a terminal of its own, and closes that once a file `close` is there: `python terminal.py COMMAND`.

Prints the exit status of the command.
"""

import os
import pty
import sys
import time
from pathlib import Path
from threading import Thread


def run(command: list[str]) -> int:
    process, terminal = pty.fork()
    if not process:
        os.execvp(command[0], command)
    Thread(target=drain, args=(terminal,), daemon=True).start()
    while not Path("close").exists():
        if os.waitpid(process, os.WNOHANG) != (0, 0):
            return -1
        time.sleep(0.1)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def drain(terminal: int) -> None:
    """Reads what a command prints, which else would wait for a reader."""
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass


if __name__ == "__main__":
    sys.stdout.write(f"{run(sys.argv[1:])}\n")
