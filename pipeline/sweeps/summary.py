"""The end of a sweep: its tables on the terminal, and with pictures on its parent run."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.rendering.comparison import settings_table
from pipeline.rendering.tables import sweep_table
from pipeline.rendering.terminal import make_console
from pipeline.sweeps.comparison import Comparison, Drawn, draw_last_samples, figure_rows
from pipeline.tracking.recorder import as_markdown
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import SweepResult, children, close_sweep
from pipeline.training.family import Family


def report_and_close(store: Store, run_id: str, *, name: str, family: Family, status: str, jobs: int) -> None:
    """Prints a sweep's tables, stores them with pictures on its parent run, and ends that.

    The tables, titled by the sweep's `name`, show the family's headline; of all `jobs` some may have failed and may
    lack any figure. `status` is FINISHED; FAILED if a job failed; KILLED if the sweep was interrupted.
    """
    runs = children(store, run_id)
    finished = sum(run.status == "FINISHED" for run in runs)
    name = f"sweep {name}"
    title = f"{name}, {status.lower()}, {finished} of {jobs} jobs finished"
    outcome = SweepResult([run.row for run in runs])
    with TemporaryDirectory() as folder:
        try:
            if runs:
                comparison = Comparison(runs, family)
                _print(comparison, title=title)
                outcome = _result(comparison, list(comparison.draw(Path(folder), title=title)))
                samples = _samples(store, comparison, folder, name)
                outcome = replace(outcome, pictures=[*outcome.pictures, *samples])
        finally:
            close_sweep(store, run_id, outcome, status=status)


def _print(comparison: Comparison, *, title: str) -> None:
    console = make_console()
    console.print(sweep_table(comparison.run_rows(), title=f"{title}: the last report of each run"))
    table = settings_table(comparison.setting_rows(), title=f"{title}: each setting over its seeds")
    console.print(table, comparison.remark, *_lines(comparison), sep="\n")


def _lines(comparison: Comparison) -> list[str]:
    return [f"{measure}: {verdict}" for measure, verdict in comparison.verdicts.items()]


def _result(comparison: Comparison, pictures: list[Drawn]) -> SweepResult:
    said = "\n".join([comparison.remark, "", *(f"- {line}" for line in _lines(comparison))])
    measures = comparison.family.headline
    return SweepResult(
        runs=[job.row for job in comparison.jobs],
        settings=figure_rows(list(comparison.settings.values()), measures, comparison.references),
        texts=[as_markdown(comparison.setting_rows()), said, as_markdown(comparison.run_rows())],
        pictures=pictures,
    )


def _samples(store: Store, comparison: Comparison, folder: str, name: str) -> list[Drawn]:
    """Draws the last samples of all settings side by side, of the lowest seed that each has."""
    found = comparison.samples()
    settings = {setting for runs in found.values() for setting in runs}
    whole = {seed: runs for seed, runs in found.items() if runs.keys() == settings}
    if not whole:
        return []
    seed, path = next(iter(whole)), Path(folder) / "samples.png"
    title = f"{name}: the last samples of each setting, seed {seed}"
    drawn = draw_last_samples(store, whole[seed], path, title=title)
    return [(path, f"Last samples of each setting, seed {seed}")] if drawn else []
