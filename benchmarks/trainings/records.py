"""Trains what was not trained yet, and keeps a record of each training, so that an interrupted benchmark goes on."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring.commands import run_timed
from benchmarks.measuring.errors import BenchmarkError
from benchmarks.trainings.recipes import MODULE, Planned
from pipeline.data.files import LockedError, locked, write_bytes
from pipeline.runs.folder import NotTrainedError, RunFolder, code_digest
from pipeline.settings.paths import STORE_ROOT

REPORT = "step-"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Record:
    """A training that was timed.

    Attributes:
        recipe: The recipe's name.
        seed: The run's seed.
        command: What was run.
        began: When, in UTC.
        code: Hash of the code that trained.
        label: Marks runs that are not to be taken for real ones; None for these.
        seconds: From the command's start to its end.
        processor_seconds: What it spent on all cores.
        steps: Steps taken.
        folder: The run's folder, from the project's.
        reports: Step → seconds from the command's start until that report was made and kept.
    """

    recipe: str
    seed: int
    command: str
    began: str
    code: str
    label: str | None
    seconds: float
    processor_seconds: float
    steps: int
    folder: str
    reports: dict[int, float]

    @property
    def run(self) -> RunFolder:
        """The run's folder."""
        return RunFolder(STORE_ROOT / self.folder)


def train_missing(planned: Sequence[Planned], *, folder: Path, reuse: bool, say: Say) -> list[Record]:
    """Trains, one after the other, what has no record yet.

    Args:
        planned: The trainings, in their order.
        folder: Where the records are kept, a file each.
        reuse: Whether a record counts that was made with other code.
        say: Hears a line before each training.

    Returns:
        A record each, in the order of `planned`.

    Raises:
        BenchmarkError: A training failed. The records made before are kept.
    """
    records = []
    for number, training in enumerate(planned, start=1):
        file = folder / f"{training.name}.json"
        record = find_record(file, reuse=reuse)
        place = f"training {number} of {len(planned)}: {training.recipe}, seed {training.seed}"
        if record is None:
            say(f"{place}: {training.command}")
            record = _train(training)
            write_bytes((json.dumps(asdict(record), indent=2) + "\n").encode(), file)
        else:
            say(f"{place}: trained already, {record.began}")
        records.append(record)
    return records


def find_record(file: Path, *, reuse: bool) -> Record | None:
    """Reads a record, if there is one whose weights are still there.

    Args:
        file: The record's file.
        reuse: Whether it counts if it was made with other code.

    Returns:
        The record or None.
    """
    if not file.exists():
        return None
    content = json.loads(file.read_text(encoding="utf-8"))
    reports = {int(step): seconds for step, seconds in content.pop("reports").items()}
    record = Record(**content, reports=reports)
    kept = all((report_folder(record.run, step) / "generator.keras").exists() for step in reports)
    return record if kept and (reuse or record.code == code_digest()) else None


def report_folder(run: RunFolder, step: int) -> Path:
    """Gives the folder that a run keeps the networks of a report in."""
    return run.models / "reports" / f"{REPORT}{step:07d}"


def _train(training: Planned) -> Record:
    family, code = STORE_ROOT / "runs" / training.settings.family, code_digest()
    with _passed_over(_folders(family, training.command)) as before:
        timed = run_timed([sys.executable, "-m", MODULE, *training.overrides], folder=STORE_ROOT)
    if timed.status:
        raise BenchmarkError(f"the training must end with status 0. Received: {timed.status} of {training.command}")
    new = [run for run in _folders(family, training.command) if run.path not in before]
    reports = {step: stamp - timed.began for run in new for step, stamp in _stamps(run).items()}
    if len(new) != 1 or not reports:
        raise BenchmarkError(f"the training must leave one folder with reports. Received: {len(new)} folders")
    return Record(
        recipe=training.recipe,
        seed=training.seed,
        command=training.command,
        began=datetime.fromtimestamp(timed.began, UTC).isoformat(timespec="seconds"),
        code=code,
        label=training.settings.label,
        seconds=timed.seconds,
        processor_seconds=timed.processor_seconds,
        steps=int(new[0].metadata()["steps"]),
        folder=new[0].path.relative_to(STORE_ROOT).as_posix(),
        reports=reports,
    )


def _folders(family: Path, command: str) -> list[RunFolder]:
    """The folders of trainings that were started by `command`, whether they have ended or not."""
    return [run for run in map(RunFolder, sorted(family.glob("*-*"))) if _command(run) == command]


def _command(run: RunFolder) -> str | None:
    try:
        command: str | None = run.metadata().get("command")
    except NotTrainedError:
        return None
    return command


@contextmanager
def _passed_over(runs: Sequence[RunFolder]) -> Iterator[set[Path]]:
    """Keeps a command from going on in the folder of an interrupted one, whose time nobody knows."""
    with ExitStack() as held:
        for run in runs:
            try:
                held.enter_context(locked(run.path))
            except LockedError:
                continue
        yield {run.path for run in runs}


def _stamps(run: RunFolder) -> dict[int, float]:
    """When each report was kept, by its step, in seconds of the wall clock."""
    folders = sorted((run.models / "reports").glob(f"{REPORT}*"))
    return {
        int(folder.name.removeprefix(REPORT)): max(file.stat().st_mtime for file in folder.iterdir())
        for folder in folders
    }
