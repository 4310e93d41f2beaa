"""How good generated digits are, and how soon: a sweep of recipes and seeds, read from the tracking store.

Each recipe is trained with each seed by `python -m pipeline.train`, one run after the other, first all recipes with the
first seed. Each report measures 10,000 digits against as many validation images of the judge. The last weights are
evaluated against the test images where a goal is set for the recipe; goals are of those. Seconds count from the start
of the command, imports, reports and tracking included; the judge is trained beforehand. What the store has of the same
settings and code is read from there. An interrupted run is ended and trained again: nobody knows its time.
"""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any

from benchmarks.measuring import Benchmark, BenchmarkError, Goal, Panel, Results, Row, compare, positive
from pipeline.data.code import code_digest, stage_code
from pipeline.evaluation import classification_accuracy, measures
from pipeline.evaluation.intervals import FEWEST_SEEDS
from pipeline.settings.composed import Settings
from pipeline.settings.job import Job
from pipeline.settings.overrides import compose_settings
from pipeline.settings.paths import STORE_ROOT
from pipeline.tracking.pages import runs_where
from pipeline.tracking.store import Store, connect

ACCURACY, FRECHET, COVERAGE = measures.ACCURACY.name, measures.FRECHET.name, measures.COVERAGE.name
CLASSIFICATION_ACCURACY = classification_accuracy.CLASSIFICATION_ACCURACY.name
EXPERIMENT, TESTED = "quality", "trained/quality/"
ALWAYS = (f"tracking.experiment={EXPERIMENT}", "judge.report_images=10000")
EPOCH = ("acgan.steps=600", "acgan.report_every=150", "acgan.report_images=1000", "acgan.keep_every_report=false")
RECIPES: dict[str, tuple[str, ...]] = {"default": (), "original": ("experiment=original", *EPOCH)}
RECIPES |= {name: (f"experiment={name}",) for name in ("compact", "long")}
COMPARED = ("default", "original")
SIGNS: Mapping[str, str] = {ACCURACY: ">", FRECHET: "<", COVERAGE: ">"}
TARGETS: Sequence[tuple[str, float, Mapping[str, float]]] = (
    ("default", 600, {ACCURACY: 0.99, FRECHET: 0.28, COVERAGE: 0.86}),
    ("long", 7200, {ACCURACY: 0.99, FRECHET: 0.18, COVERAGE: 0.9, CLASSIFICATION_ACCURACY: 0.98}),
)
SHARE_OF_ORIGINAL, OVER = 0.1, "seconds since the command"
PANELS = (
    *(Panel(name, OVER, scale="logit") for name in (ACCURACY, CLASSIFICATION_ACCURACY)),
    *(Panel(FRECHET, OVER), Panel(COVERAGE, OVER, scale="linear")),
)


@dataclass(frozen=True)
class Run:
    """A finished training: `seconds` from the command's start, also those of its reports; smoke tests have a label.

    `test` are its measures against the test images, of a recipe with goals.
    """

    recipe: str
    seed: int
    label: str | None
    reports: Sequence[Mapping[str, Any]]
    seconds: float
    test: Mapping[str, float] = field(default_factory=dict)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", action="append", choices=RECIPES, help="again for another; default and original")
    parser.add_argument("--seeds", type=positive, default=FEWEST_SEEDS, help="how many, from 0; three at least compare")
    parser.add_argument("--reuse", action="store_true", help="take runs that were trained by other code, too")


def measure(options: argparse.Namespace) -> Results:
    """Trains what the tracking store does not have, and reads all of it from there."""
    turns = list(product(range(options.seeds), options.recipe or COMPARED))
    planned = [(*RECIPES[recipe], f"seed={seed}", *ALWAYS, *options.overrides) for seed, recipe in turns]
    settings = [compose_settings(words) for words in planned]
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from pipeline.judging.run import ensure_judge
    from pipeline.training.devices import resolve_compute

    settings = [resolve_compute(one, report=lambda _: None) for one in settings]  # as a run's digest has them
    ensure_judge(settings[0], Job("benchmarks.quality", tuple(options.overrides)))
    store = connect(family=settings[0].family, experiment=EXPERIMENT)
    runs = []
    for (_, recipe), words, own in zip(turns, planned, settings, strict=True):
        tracked = find_run(store, own, reuse=options.reuse) or _train(store, words, own)
        wanted = {name for target, _, bounds in TARGETS if target == recipe for name in bounds}
        if not tracked.data.metrics.keys() >= {TESTED + name for name in wanted}:
            tracked = _evaluate(store, words, tracked, slowly=CLASSIFICATION_ACCURACY in wanted)
        runs.append(read_run(store, recipe, tracked))
    rows = make_rows(runs, {name: tracked.data.metrics[f"reference/{name}"] for name in SIGNS})
    digits = f"{settings[0].judge.report_images:,} digits against as many validation images of the judge"
    text = f"Medians over seeds; {digits} at each report."
    details = {"runs": [asdict(run) for run in runs]}
    return Results(rows, find_goals(rows, enough=enough_seeds(runs)), text, details=details)


def find_run(store: Store, settings: Settings, *, reuse: bool = False) -> Any:
    """Finds the newest finished training of some settings, by this code or any, that was not interrupted; or None."""
    condition = f"attributes.status = 'FINISHED' and tags.`settings.digest` = '{settings.digest()}'"
    code = "" if reuse else f" and tags.`code.digest` = '{code_digest(stage_code('train', 'acgan'))}'"
    whole = [run for run in runs_where(store, condition + code) if _reports(store, run)[0]["seconds"] > 0]
    return whole[-1] if whole else None


def read_run(store: Store, recipe: str, tracked: Any) -> Run:
    """Reads a training from the tracking store."""
    tags, metrics = tracked.data.tags, tracked.data.metrics
    test = {name: metrics[TESTED + name] for name in (*SIGNS, CLASSIFICATION_ACCURACY) if TESTED + name in metrics}
    seconds = tracked.info.end_time / 1000 - float(tags["owner.started"])
    return Run(recipe, int(tags["seed"]), tags.get("label"), _reports(store, tracked), seconds, test)


def make_rows(runs: Sequence[Run], references: Mapping[str, float]) -> list[Row]:
    """Returns each recipe's time and measures at each report, and at its end, and what real digits score at reports."""
    rows = []
    for recipe in dict.fromkeys(run.recipe for run in runs):
        own = [run for run in runs if run.recipe == recipe]
        for reports in zip(*(run.reports for run in own), strict=False):
            name = f"{recipe}, step {reports[0]['step']}"
            time = Row.of(f"{name}: time", [report["seconds"] for report in reports], unit="s")
            rows.append(time)
            for key in SIGNS:
                values = [report["values"][key] for report in reports]
                rows.append(Row.of(f"{name}: {key}", values, panel=key, curve=recipe, at=time.median))
        rows.append(Row.of(f"{recipe}, the whole command: time", [run.seconds for run in own], unit="s"))
        end = rows[-1].median
        for name in dict.fromkeys(name for run in own for name in run.test):
            values = [run.test[name] for run in own if name in run.test]
            panel = CLASSIFICATION_ACCURACY if name == CLASSIFICATION_ACCURACY else ""
            rows.append(Row.of(f"{recipe}, test images: {name}", values, panel=panel, curve=recipe, at=end))
    real = "real digits"
    return rows + [Row.of(f"{real}: {name}", [references[name]], panel=name, curve=real) for name in SIGNS]


def enough_seeds(runs: Sequence[Run]) -> set[str]:
    """Returns the recipes that may meet a goal: those of three seeds or more, and of no smoke test."""
    seeds = {run.recipe: {own.seed for own in runs if own.recipe == run.recipe and not own.label} for run in runs}
    return {recipe for recipe, own in seeds.items() if len(own) >= FEWEST_SEEDS}


def find_goals(rows: Sequence[Row], *, enough: set[str]) -> list[Goal]:
    """Compares the medians over seeds with what was to be reached on two cores without a GPU.

    Those of a recipe alone are of the test images, if its whole command is in time; those beside another recipe are of
    the last report in time and not of the best one. A recipe without runs has no goals.
    """
    goals, curves, medians = list[Goal](), {row.curve for row in rows}, {row.name: row.median for row in rows}
    for recipe, seconds, bounds in TARGETS:
        for name, bound in bounds.items() if recipe in curves else ():
            in_time = medians[f"{recipe}, the whole command: time"] <= seconds
            got = medians.get(f"{recipe}, test images: {name}") if in_time else None
            title = f"{recipe} within {seconds:g} s, test images: {name}"
            goals += compare((title, f"{SIGNS.get(name, '>')}=", bound, got), counts=recipe in enough)
    if curves.issuperset(COMPARED):
        last = {row.panel: row for row in rows if row.curve == "original"}
        seconds = SHARE_OF_ORIGINAL * (last[ACCURACY].at or 0)
        for name, sign in SIGNS.items():
            title = f"default within a tenth of original's time, {seconds:.0f} s: {name}"
            got, both = figure_within(rows, "default", name, seconds), enough.issuperset(COMPARED)
            goals += compare((title, sign, last[name].median, got), counts=both)
    return goals


def figure_within(rows: Sequence[Row], recipe: str, name: str, seconds: float) -> float | None:
    """Returns a measure's median over seeds at the last report whose median time is within; None without one."""
    within = [row for row in rows if (row.curve, row.panel) == (recipe, name) and row.at and row.at <= seconds]
    return within[-1].median if within else None


def _reports(store: Store, tracked: Any) -> list[dict[str, Any]]:
    """The reports of a run; those before the start of the process that ended it have seconds below 0."""
    began, run_id = float(tracked.data.tags["owner.started"]), tracked.info.run_id
    points = zip(*(store.client.get_metric_history(run_id, f"heldout/{name}") for name in SIGNS), strict=True)
    reports = [(own[0], dict(zip(SIGNS, (one.value for one in own), strict=True))) for own in points]
    return [{"step": at.step, "seconds": at.timestamp / 1000 - began, "values": values} for at, values in reports]


def _train(store: Store, words: Sequence[str], settings: Settings) -> Any:
    """Trains, a second time where the first goes on with an interrupted run."""
    for _ in range(2):
        _call("pipeline.train", *words)
        if tracked := find_run(store, settings):
            return tracked
    raise BenchmarkError(f"a training must be in the tracking store. Received: none of {shlex.join(words)}")


def _evaluate(store: Store, words: Sequence[str], tracked: Any, *, slowly: bool) -> Any:
    """Has the stage score the last weights, by the slow measure too if it is wanted."""
    run, wanted = tracked.info.run_id, f"evaluate.classification_accuracy={str(slowly).lower()}"
    _call("pipeline.evaluate", *words, f"run={run}", "evaluate.weights=last", wanted)
    return store.client.get_run(run)


def _call(module: str, *words: str) -> None:
    command = [sys.executable, "-m", module, *words]
    print(shlex.join(["python", *command[1:]]), flush=True)
    if status := subprocess.run(command, cwd=STORE_ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
        raise BenchmarkError(f"{module} must end with status 0. Received: {status} of {shlex.join(words)}")


BENCHMARK = Benchmark("quality", "How good digits are, and how soon", PANELS, measure, _add_options)

if __name__ == "__main__":
    BENCHMARK.main()
