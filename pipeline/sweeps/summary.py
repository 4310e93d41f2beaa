"""The tables of a sweep's runs and settings: on the terminal, and with a picture on its parent run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.data.keys import REFERENCE, Key
from pipeline.data.rows import Row
from pipeline.evaluation.seeds import Setting, by_setting
from pipeline.rendering.comparison import name_settings, remark, setting_rows, settings_table, verdicts
from pipeline.rendering.samples import draw_samples
from pipeline.rendering.tables import REAL_DIGITS, sweep_table
from pipeline.rendering.terminal import make_console
from pipeline.rendering.tradeoff import describe, trade_off
from pipeline.tracking.address import page_of
from pipeline.tracking.downloads import download_samples
from pipeline.tracking.recorder import Recorder, as_markdown
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import SweepChild, SweepResult, children, close_sweep
from pipeline.training.family import Family, find_family


def report_and_close(store: Store, run_id: str, *, name: str, family: str, status: str, jobs: int) -> None:
    """Prints a sweep's tables, stores them with a picture on its parent run, and ends that.

    The tables, titled `name`, show the family's headline, the picture its trade-off; of all `jobs` some may have failed
    and may lack any figure. `status` is FINISHED; FAILED if a job failed; KILLED if the sweep was interrupted.
    """
    runs = children(store, run_id)
    finished = sum(run.status == "FINISHED" for run in runs)
    title = f"{name}, {status.lower()}, {finished} of {jobs} jobs finished"
    outcome = SweepResult([run.row for run in runs])
    with TemporaryDirectory() as folder:
        try:
            if runs:
                outcome = _report(runs, find_family(family), Path(folder), title=title)
                outcome = replace(outcome, pictures=[*outcome.pictures, *_samples(store, runs, Path(folder), name)])
        finally:
            close_sweep(store, run_id, outcome, status=status)
    pages = f"the sweep: {Recorder(store, run_id).page}\nall runs: {page_of(store.uri, store.experiment_id)}"
    make_console().print(pages, soft_wrap=True, markup=False)


def _report(jobs: Sequence[SweepChild], family: Family, folder: Path, *, title: str) -> SweepResult:
    measures = family.headline
    found = by_setting(job.seeded for job in jobs if job.seed)
    settings = dict(zip(name_settings([one.settings for one in found]), found, strict=True))
    references = common_references(jobs, measures)
    runs, compared = run_rows(jobs, measures, references), setting_rows(settings, measures, references)
    said, found_best = remark(found, measures), verdicts(settings, measures)
    console = make_console()
    console.print(sweep_table(runs, title=f"{title}: the last report of each run"))
    console.print(settings_table(compared, title=f"{title}: each setting over its seeds"), said, *found_best, sep="\n")
    pictures = []
    if family.trade_off and any(run.keys() >= {*family.trade_off[:2]} for one in found for run in one.runs):
        across, upward, _ = family.trade_off
        picture = folder / f"{upward.name}-{across.name}.png"
        trade_off(settings, picture, measures=family.trade_off, references=references, title=title, remark=said)
        pictures.append((picture, describe(family.trade_off)))
    return SweepResult(
        runs=[job.row for job in jobs],
        settings=figure_rows(found, measures, references),
        texts=[as_markdown(compared), "\n".join([said, "", *(f"- {line}" for line in found_best)]), as_markdown(runs)],
        pictures=pictures,
    )


def _samples(store: Store, jobs: Sequence[SweepChild], folder: Path, name: str) -> list[tuple[Path, str]]:
    """Draws the last samples of all settings side by side, of the lowest seed that each has: a GAN's latents agree."""
    runs: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for job in jobs:
        if job.status == "FINISHED" and job.seed:
            runs.setdefault(tuple(job.seeded.settings.items()), {})[job.seed] = job.run_id
    common = set.intersection(*map(set, runs.values())) if runs else set()
    if not common:
        return []
    seed, named = min(common, key=int), name_settings([dict(settings) for settings in runs])
    found = {
        one: download_samples(store, own[seed], folder / f"samples-{number}")
        for number, (one, own) in enumerate(zip(named, runs.values(), strict=True))
    }
    samples, path = {one: file for one, file in found.items() if file is not None}, folder / "samples.png"
    if not samples:
        return []
    draw_samples(samples, path, title=f"{name}: the last samples of each setting, seed {seed}")
    return [(path, f"Last samples of each setting, seed {seed}")]


def run_rows(jobs: Sequence[SweepChild], measures: Sequence[Key], references: Mapping[Key, float]) -> list[Row]:
    """Rows of the table of jobs: name, status and each measure's latest figure, if there is one.

    The last row is what real digits score, left out where there are no references.
    """
    rows: list[Row] = [{"run": job.name, "status": job.status, **_figures(job.measures, measures)} for job in jobs]
    return [*rows, {"run": REAL_DIGITS, **_figures(references, measures)}] if references else rows


def figure_rows(settings: Sequence[Setting], measures: Sequence[Key], references: Mapping[Key, float]) -> list[Row]:
    """Rows of `settings.csv`: a setting's addresses, and of each measure mean, lower, upper, seeds, reference.

    The ends of the 95 % interval are None with fewer than three seeds. Some references may be missing.
    """
    rows: list[Row] = []
    for setting in settings:
        row: dict[str, object] = dict(setting.settings)
        for measure in measures:
            found = setting.estimate(measure)
            lower, upper = (found and found.interval) or (None, None)
            cells = {"mean": found and found.mean, "lower": lower, "upper": upper, "seeds": found.seeds if found else 0}
            row |= {f"{measure}/{name}": value for name, value in cells.items()}
            row |= {f"{measure}/reference": references[measure]} if measure in references else {}
        rows.append(row)
    return rows


def common_references(jobs: Sequence[SweepChild], measures: Sequence[Key]) -> dict[Key, float]:
    """What real digits score on each measure, where all jobs with a reference have the same."""
    references: dict[Key, float] = {}
    for key in measures:
        reference = key.on(REFERENCE)
        found = {job.measures[reference] for job in jobs if reference in job.measures}
        if len(found) == 1:
            references[key] = found.pop()
    return references


def _figures(values: Mapping[Key, float], measures: Sequence[Key]) -> dict[str, float]:
    return {measure.name: values[measure] for measure in measures if measure in values}
