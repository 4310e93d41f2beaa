"""How good generated digits are, and how soon: recipes trained by turns with the same seeds, and scored by the judge.

    python -m benchmarks.quality --json benchmarks/results/quality.json

trains each recipe with each seed by `python -m pipeline.train`, one run after the other, first all recipes with the
first seed. The networks kept at each report are then scored on as many generated digits as there are test images.
Seconds count from the start of the command, so imports, reports and tracking are in them, and so is keeping the
networks; the judge is calibrated beforehand. Beside the JSON file stand a table (`.md`) and a picture (`.png`).

An interrupted benchmark goes on where it was: what is trained and scored is kept in `runs/quality/`. Other words on the
command line go to every training: `--seeds 0 +debug=smoke acgan.steps=6 acgan.report_every=3` tries the way in minutes.
"""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from benchmarks.measuring.findings import end, one_of, options_of, say
from benchmarks.measuring.machine import Machine, describe_machine
from benchmarks.measuring.results import Goal, exit_status, goals_table, machine_line, write_results
from benchmarks.trainings.goals import counts, find_goals
from benchmarks.trainings.picture import quality_curves
from benchmarks.trainings.recipes import RECIPES, plan
from benchmarks.trainings.records import Record, train_missing
from benchmarks.trainings.summary import (
    AT_REPORTS,
    Run,
    by_recipe,
    commands_table,
    make_rows,
    reports_table,
)
from pipeline.data.files import write_bytes
from pipeline.evaluation.classification_accuracy import CLASSIFICATION_ACCURACY
from pipeline.evaluation.intervals import FEWEST_SEEDS
from pipeline.settings.exits import TERMINATED
from pipeline.settings.job import Job
from pipeline.settings.paths import STORE_ROOT, display

MODULE = "benchmarks.quality"
FOLDER = STORE_ROOT / "runs" / "quality"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark.

    Args:
        arguments: The words of the command line; its own by default.

    Returns:
        The exit status: 1 where a goal is not met.
    """
    return end(measure, parse(arguments), interrupted="interrupted; the same command goes on with what is missing")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line; ends the process with status 2 where it is not sound."""
    parser = options_of("quality", __doc__)
    parser.add_argument("--recipes", type=one_of(RECIPES), default=("default", "original"), help=", ".join(RECIPES))
    parser.add_argument("--seeds", type=_seeds, default=(0, 1, 2), help="three at least to compare recipes: 0,1,2")
    parser.add_argument("--reuse", action="store_true", help="take runs that were trained by other code, too")
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="for every training")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> int:
    """Trains, scores, and writes and prints what was found.

    Args:
        options: What `parse` gives.

    Returns:
        The exit status.

    Raises:
        PipelineError: Something the user can mend, or a training failed.
    """
    planned = plan(options.recipes, options.seeds, options.overrides)
    # Heavy imports wait until the settings are known to be sound; the first silences TensorFlow's own.
    import pipeline.models  # noqa: F401
    from benchmarks.trainings.scores import score_runs
    from pipeline.fetch import ensure_fetched
    from pipeline.judge import ensure_judge

    machine, settings = describe_machine(), planned[0].settings
    ensure_fetched(settings.data)
    calibration = ensure_judge(settings, Job(MODULE, tuple(options.overrides)))
    records = train_missing(planned, folder=FOLDER / "trainings", reuse=options.reuse, say=say)
    runs = score_runs(planned, records, calibration, folder=FOLDER / "trainings", say=say)
    goals, references = find_goals(runs), {name: calibration.references[name] for name in AT_REPORTS}
    references[CLASSIFICATION_ACCURACY] = calibration.accuracy
    details = {
        "judge": {"digest": calibration.digest, "label": calibration.label, "images": len(calibration.test)},
        "references": references,
        "runs": [_describe_run(run, record) for run, record in zip(runs, records, strict=True)],
    }
    write_results(options.json, machine=machine, rows=make_rows(runs), goals=goals, details=details)
    quality_curves(runs, references, options.json.with_suffix(".png"), title="How good digits are, and how soon")
    text = describe(runs, goals, references, machine)
    write_bytes(text.encode(), options.json.with_suffix(".md"))
    print(f"{text}\n{display(options.json)}, with this table (.md) and a picture (.png)")
    return exit_status(goals)


def describe(runs: Sequence[Run], goals: Sequence[Goal], references: Mapping[str, float], machine: Machine) -> str:
    """Gives what was found as Markdown: at each report, of the whole commands, and what was to be reached.

    Args:
        runs: All runs.
        goals: What was to be reached.
        references: What real digits score, of each measure.
        machine: What was measured on.

    Returns:
        The text, with an end of line after the last.
    """
    parts = [
        f"Medians over seeds (least–greatest). {machine_line(machine)}.",
        reports_table(runs, references),
        commands_table(runs, references),
        goals_table(goals),
    ]
    if not all(counts(own) for own in by_recipe(runs).values()):
        parts.append(
            f"With fewer than {FEWEST_SEEDS} seeds of a real training no goal is met and no recipe is called better."
        )
    return "\n\n".join(parts) + "\n"


def _describe_run(run: Run, record: Record) -> dict[str, object]:
    return {"command": record.command, "began": record.began, "code": record.code, **asdict(run)}


def _seeds(text: str) -> tuple[int, ...]:
    if not all(seed.isdecimal() for seed in text.split(",")):
        raise argparse.ArgumentTypeError(f"must be whole numbers, such as 0,1,2. Received: {text}")
    seeds = tuple(map(int, text.split(",")))
    if len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(f"must differ. Received: {text}")
    return seeds


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(main())
