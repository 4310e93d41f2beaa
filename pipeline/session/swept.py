"""What a sweep came to: two tables on the terminal, and the same with a picture on its parent run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.data.rows import Row
from pipeline.evaluation.seeds import Setting, by_setting
from pipeline.rendering.comparison import FLOOR, name_settings, remark, setting_rows, settings_table, short
from pipeline.rendering.tables import sweep_table
from pipeline.rendering.terminal import make_console
from pipeline.rendering.tradeoff import describe, trade_off
from pipeline.tracking.recorder import as_markdown
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import Outcome, SweepChild, children, close_sweep
from pipeline.training.family import Family, find_family


def conclude(store: Store, run_id: str, *, name: str, family: str, status: str) -> None:
    """Prints a sweep's tables, and stores them, their figures and a picture on its parent run, which ends.

    Args:
        store: The store and experiment.
        run_id: The parent run; its jobs may have failed, and may lack any figure.
        name: What the tables are headed by.
        family: The family that was trained; its headline is what the tables show, its trade-off what the picture does.
        status: FINISHED; FAILED if a job failed; KILLED if the sweep was interrupted.
    """
    jobs = children(store, run_id)
    outcome = Outcome([job.row for job in jobs])
    with TemporaryDirectory() as folder:
        try:
            if jobs:
                outcome = _tell(jobs, find_family(family), Path(folder), title=f"{name}, {status.lower()}")
        finally:
            close_sweep(store, run_id, outcome, status=status)


def _tell(jobs: Sequence[SweepChild], family: Family, folder: Path, *, title: str) -> Outcome:
    measures = family.headline
    found = by_setting(job.seeded for job in jobs if job.seed)
    settings = dict(zip(name_settings([one.settings for one in found]), found, strict=True))
    floors = common_floors(jobs, measures)
    runs, compared = run_rows(jobs, measures, floors), setting_rows(settings, measures, floors)
    said = remark(found, measures)
    console = make_console()
    console.print(sweep_table(runs, title=f"{title}: the last report of each run"))
    console.print(settings_table(compared, title=f"{title}: each setting over its seeds"), said)
    picture = None
    if family.trade_off and any(run.keys() >= {*family.trade_off[:2]} for one in found for run in one.runs):
        across, upward, _ = family.trade_off
        picture = folder / f"{short(upward)}-{short(across)}.png"
        trade_off(settings, picture, measures=family.trade_off, floors=floors, title=title, remark=said)
    return Outcome(
        runs=[job.row for job in jobs],
        settings=figure_rows(found, measures, floors),
        texts=[as_markdown(compared), said, as_markdown(runs)],
        picture=picture,
        caption=describe(family.trade_off) if family.trade_off else "",
    )


def run_rows(jobs: Sequence[SweepChild], measures: Sequence[str], floors: Mapping[str, float]) -> list[Row]:
    """Gives the rows of the table of jobs: name, status and each measure's latest figure.

    Args:
        jobs: The jobs; a figure that one lacks is left out.
        measures: The measures.
        floors: What real digits score, by measure; the last row, left out where it is empty.
    """
    rows: list[Row] = [{"run": job.name, "status": job.status, **_figures(job.measures, measures)} for job in jobs]
    return [*rows, {"run": FLOOR, **_figures(floors, measures)}] if floors else rows


def figure_rows(settings: Sequence[Setting], measures: Sequence[str], floors: Mapping[str, float]) -> list[Row]:
    """Gives the rows of `settings.csv`: a setting's addresses, and of each measure mean, lower, upper, seeds, floor.

    Args:
        settings: The settings.
        measures: The measures.
        floors: What real digits score, by measure; may lack some.

    Returns:
        A row a setting; the ends of the 95 % interval are None with fewer than three seeds.
    """
    rows: list[Row] = []
    for setting in settings:
        row: dict[str, object] = dict(setting.settings)
        for measure in measures:
            found = setting.estimate(measure)
            lower, upper = (found and found.interval) or (None, None)
            cells = {"mean": found and found.mean, "lower": lower, "upper": upper, "seeds": found.seeds if found else 0}
            row |= {f"{measure}/{name}": value for name, value in cells.items()}
            row |= {f"{measure}/floor": floors[measure]} if measure in floors else {}
        rows.append(row)
    return rows


def common_floors(jobs: Sequence[SweepChild], measures: Sequence[str]) -> dict[str, float]:
    """Gives what real digits score on each measure, where all jobs that say so say the same."""
    floors: dict[str, float] = {}
    for key in measures:
        found = {job.measures[f"floor/{short(key)}"] for job in jobs if f"floor/{short(key)}" in job.measures}
        if len(found) == 1:
            floors[key] = found.pop()
    return floors


def _figures(held: Mapping[str, float], measures: Sequence[str]) -> dict[str, float]:
    return {short(measure): held[measure] for measure in measures if measure in held}
