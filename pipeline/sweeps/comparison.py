"""Jobs grouped into settings and compared: rows of tables, lines on the best, and pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.data.keys import REFERENCE, Key
from pipeline.data.rows import Row
from pipeline.evaluation.ahead import HIGHER_IS_BETTER
from pipeline.evaluation.seeds import Setting, by_setting
from pipeline.rendering.comparison import name_settings, remark, setting_rows, verdicts
from pipeline.rendering.intervals import draw_intervals
from pipeline.rendering.samples import draw_samples
from pipeline.rendering.spelling import spell
from pipeline.rendering.tables import REAL_DIGITS, REAL_IMAGES
from pipeline.rendering.tradeoff import describe, trade_off
from pipeline.tracking.downloads import download_samples
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import SweepChild
from pipeline.training.family import Family

Drawn = tuple[Path, str]


@dataclass(frozen=True)
class Comparison:
    """Jobs of one family side by side, those that differ in their seed alone as one setting.

    Attributes:
        jobs: The jobs, in the order of their command.
        family: Their family, which says what is compared.
    """

    jobs: Sequence[SweepChild]
    family: Family[Any]

    @cached_property
    def settings(self) -> dict[str, Setting]:
        """The settings by name, in the order of their first job."""
        found = by_setting(job.seeded for job in self.jobs if job.seed)
        return dict(zip(name_settings([one.settings for one in found]), found, strict=True))

    @cached_property
    def references(self) -> dict[Key, float]:
        """The scores of real images."""
        return common_references(self.jobs, self.family.headline)

    @property
    def real(self) -> str:
        """The name of the row of real images."""
        return REAL_IMAGES if any(job.own_data for job in self.jobs) else REAL_DIGITS

    @property
    def remark(self) -> str:
        """The kind of the intervals, or that there are too few seeds for any."""
        return remark(list(self.settings.values()), self.family.headline)

    @property
    def verdicts(self) -> dict[str, str]:
        """What is the best on each measure; see `rendering.comparison.verdicts`."""
        measures = [one for one in self.family.headline if one.name not in self.family.no_quality]
        return verdicts(self.settings, measures, higher_is_better=HIGHER_IS_BETTER | self.family.higher_is_better)

    def run_rows(self) -> list[Row]:
        """Returns the rows of the table of jobs: name, status and each measure's latest figure, if there is one.

        The last row is what real images score, left out where there are no references.
        """
        measures = self.family.headline
        rows: list[Row] = [
            {"run": job.name, "status": job.status, **_figures(job.measures, measures)} for job in self.jobs
        ]
        return [*rows, {"run": self.real, **_figures(self.references, measures)}] if self.references else rows

    def setting_rows(self) -> list[Row]:
        """Returns the rows of the table of settings; see `rendering.comparison.setting_rows`."""
        return setting_rows(self.settings, self.family.headline, self.references, real=self.real)

    def draw(self, folder: Path, *, title: str) -> Iterator[Drawn]:
        """Draws the family's trade-off and each measure with its intervals; yields the files and their captions.

        What no job measured is left out.
        """
        runs = [run for one in self.settings.values() for run in one.runs]
        references, remark = self.references, self.remark
        if self.family.trade_off and any(run.keys() >= {*self.family.trade_off[:2]} for run in runs):
            across, upward, _ = self.family.trade_off
            picture = folder / f"{upward.name}-{across.name}.png"
            measures = self.family.trade_off
            trade_off(self.settings, picture, measures=measures, references=references, title=title, remark=remark)
            yield picture, describe(self.family.trade_off)
        for measure in self.family.headline:
            if any(measure in run for run in runs):
                picture = folder / f"{measure.name.replace('/', '-')}.png"
                draw_intervals(
                    self.settings, picture, measure=measure, references=references, title=title, remark=remark
                )
                yield picture, f"{spell(measure.name)} of each setting"

    def samples(self) -> dict[str, dict[str, str]]:
        """Returns the runs that finished, by seed and then by the name of their setting; of repetitions the newest."""
        names = {tuple(one.settings.items()): name for name, one in self.settings.items()}
        found: dict[str, dict[str, str]] = {}
        for job in self.jobs:
            if job.has_finished and job.seed:
                found.setdefault(job.seed, {})[names[tuple(job.seeded.settings.items())]] = job.run_id
        ordered = {seed: found[seed] for seed in sorted(found, key=int)}
        return {seed: {name: runs[name] for name in self.settings if name in runs} for seed, runs in ordered.items()}


def draw_last_samples(store: Store, runs: Mapping[str, str], path: Path, *, title: str) -> bool:
    """Draws the last samples of runs side by side, each under its name, and returns whether any has some.

    Those of one seed are of the same latents, where the runs are a GAN's.
    """
    folder = path.with_suffix("")
    found = {
        name: download_samples(store, run_id, folder / str(number))
        for number, (name, run_id) in enumerate(runs.items())
    }
    samples = {name: file for name, file in found.items() if file is not None}
    if samples:
        draw_samples(samples, path, title=title)
    return bool(samples)


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
    """What real images score on each measure, where all jobs with a reference have the same."""
    references: dict[Key, float] = {}
    for key in measures:
        reference = key.on(REFERENCE)
        found = {job.measures[reference] for job in jobs if reference in job.measures}
        if len(found) == 1:
            references[key] = found.pop()
    return references


def _figures(values: Mapping[Key, float], measures: Sequence[Key]) -> dict[str, float]:
    return {measure.name: values[measure] for measure in measures if measure in values}
