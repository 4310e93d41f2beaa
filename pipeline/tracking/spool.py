"""The spool of a run: the calls that its store has yet to take, in a file that survives a kill and a power cut."""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.data.files import WriteError, sync, write_json
from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import display

CALL = {"call": str, "arguments": dict, "attached": str | None}
STATE = {**dict.fromkeys(("run_id", "family", "experiment"), str), "sent": int, "ids": dict}


class SpoolError(PipelineError):
    """A spool is damaged or holds what is none of its calls."""


def damage(folder: Path, what: str) -> SpoolError:
    """Returns the error of a spool in `folder`, with what to do."""
    return SpoolError(f"{what}. Remove {display(folder)} to go on without what it holds")


@dataclass(frozen=True)
class Call:
    """A call of MLflow's client.

    Attributes:
        name: The method.
        arguments: Its arguments as JSON has them.
        attached: A copy of the file or folder that it sends, or None.
        end: Where the next call begins in the spool's file.
    """

    name: str
    arguments: Mapping[str, Any]
    attached: Path | None
    end: int


class Spool:
    """The calls of one run, in order, in a folder of the run's own; one process writes and sends them.

    `calls.jsonl` is only appended to and on the disk when `append` returns; `state.json` says how much was sent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls, self._state_file = folder / "calls.jsonl", folder / "state.json"
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {}
        if self._state_file.exists():
            self._state = _read(self._state_file.read_bytes(), self._state_file, STATE)
        elif self._calls.exists():
            raise damage(folder, f"{display(self._state_file)} is missing")
        self._count = self._cut_off_torn_call()

    def begin(self, run_id: str, *, family: str, experiment: str) -> None:
        """Begins a spool for a run of the experiment `{experiment}-{family}`, or goes on with that of the same run."""
        if self._state.get("run_id") != run_id:
            self.remove()
            self._state = {"sent": 0, "ids": {}}
        self._write_state(run_id=run_id, family=family, experiment=experiment)

    @property
    def run_id(self) -> str | None:
        """The run as its process knows it; None where there is no spool."""
        return self._state.get("run_id")

    @property
    def place(self) -> tuple[str, str]:
        """The family and the first half of the experiment's name."""
        return self._state["family"], self._state["experiment"]

    @property
    def ids(self) -> dict[str, str]:
        """The store's ids of a run and models that were made while the store was away, by those they had till then."""
        return dict(self._state["ids"])

    def append(self, name: str, arguments: Mapping[str, Any], attached: Path | None = None) -> None:
        """Adds a call; a file or folder that it sends is copied.

        Raises:
            WriteError: The disk does not take it.
        """
        with self._lock, self._one_line_errors():
            line: dict[str, Any] = {"call": name, "arguments": arguments}
            if attached:
                line["attached"] = self._attach(attached)
            with self._calls.open("ab") as file:
                file.write(f"{json.dumps(line)}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            self._count += 1

    def all(self) -> Iterator[Call]:
        """Yields the calls from the first on, sent or not."""
        return self._from(0)

    def waiting(self) -> Iterator[Call]:
        """Yields the calls that were not sent, those among them that come meanwhile."""
        return self._from(self._state.get("sent", 0))

    def mark_sent(self, call: Call, ids: Mapping[str, str]) -> None:
        """Notes that a call was sent, and the store's ids of what it made; the copy that it sent goes."""
        with self._one_line_errors():
            self._write_state(sent=call.end, ids={**self._state["ids"], **ids})
            if call.attached:
                shutil.rmtree(call.attached.parent, ignore_errors=True)

    def remove(self) -> None:
        """Removes the spool from the disk; another can begin in its place."""
        with suppress(OSError):  # first, since calls alone would count as damaged after a kill
            self._calls.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._state, self._count = {}, 0

    def _from(self, start: int) -> Iterator[Call]:
        if not self._calls.exists():
            return
        with self._calls.open("rb") as file:
            file.seek(start)
            # What another thread is just writing has no line end yet.
            while (line := file.readline()).endswith(b"\n"):
                content = _read(line, self._calls, CALL)
                attached = content.get("attached")
                path = self.folder / attached if attached else None
                yield Call(content["call"], content["arguments"], path, file.tell())

    def _attach(self, source: Path) -> str:
        place = self.folder / "files" / f"{self._count:06d}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, place / source.name)
        for path in (*place.rglob("*"), place, place.parent):
            sync(path)
        return f"files/{place.name}/{source.name}"

    def _write_state(self, **changes: Any) -> None:
        state = {**self._state, **changes}
        write_json(state, self._state_file)
        self._state = state

    def _cut_off_torn_call(self) -> int:
        """Cuts off a last call that a kill left half written, and returns how many are whole."""
        if not self._calls.exists():
            return 0
        whole = self._calls.read_bytes()
        if not whole.endswith(b"\n"):
            os.truncate(self._calls, whole.rfind(b"\n") + 1)
        return whole.count(b"\n")

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WriteError(f"{display(self.folder)} cannot be written: {error.strerror or error}") from error


def _read(text: bytes, path: Path, kinds: Mapping[str, Any]) -> dict[str, Any]:
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or not all(isinstance(content.get(key), kinds[key]) for key in kinds):
            raise ValueError(f"it must be a block of {', '.join(kinds)}")
    except ValueError as error:
        raise damage(path.parent, f"{display(path)} is damaged: {error}. Received: {text[:60]!r}") from error
    return content
