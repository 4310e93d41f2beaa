"""What a search found: its trials in a table and a picture, and the commands that train its best settings anew."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.data.rows import Row
from pipeline.rendering.comparison import shorten
from pipeline.rendering.search import draw_search
from pipeline.rendering.tables import sweep_table
from pipeline.rendering.terminal import make_console
from pipeline.runs.description import sweep_command
from pipeline.settings.overrides import without_place
from pipeline.sweeps.study import Study, as_text, overrides_of
from pipeline.tracking.recorder import as_markdown
from pipeline.tracking.store import Store
from pipeline.tracking.sweeps import SweepChild, SweepResult, children, close_sweep

SEEDS = 3
MOST_COMMANDS, RUN_DIGITS = 5, 8
CANDIDATES = (
    f"Candidates, not findings: the best of many trials of one seed is partly luck. Train each with {SEEDS} fresh "
    "seeds, and the default with the same, before one is called better:"
)


def report_and_close(
    study: Study, overrides: Sequence[str], store: Store, run_id: str, *, name: str, status: str
) -> None:
    """Prints a search's trials and candidates, stores them with a picture on its parent run, and ends that.

    `overrides` are what all trials have in common.
    """
    title = f"search {name}, {status.lower()}"
    with TemporaryDirectory() as folder:
        outcome = SweepResult([])
        try:
            if study.trials():
                title += f", {len(study.values())} of {study.search.trials} trials finished"
                outcome = _report(study, overrides, children(store, run_id), Path(folder) / "search.png", title=title)
        finally:
            close_sweep(store, run_id, outcome, status=status)


def _report(
    study: Study, overrides: Sequence[str], runs: Sequence[SweepChild], picture: Path, *, title: str
) -> SweepResult:
    console, rows, best = make_console(), trial_rows(study, runs), study.best()
    console.print(sweep_table(rows, title=title))
    if not best:
        return SweepResult(rows, texts=[as_markdown(rows)])
    commands = list(dict.fromkeys(candidate_command(study, overrides, number) for number in best))[:MOST_COMMANDS]
    console.print("\n".join([CANDIDATES, *commands]), soft_wrap=True)
    short = shorten(list(study.search.space))
    draw_search(
        study.values(),
        picture,
        objectives=study.search.directions,
        best=best,
        importances={short[address]: share for address, share in study.importances().items()},
        title=title,
    )
    texts = ["\n".join([CANDIDATES, "```", *commands, "```"]), as_markdown(rows)]
    return SweepResult(rows, texts=texts, pictures=[(picture, f"Trials by {' and '.join(study.search.objectives)}")])


def trial_rows(study: Study, runs: Sequence[SweepChild]) -> list[Row]:
    """Rows of the table of trials: number, how it ended, whether it is among the best, measures, settings, its run."""
    names = {run.trial: run.run_id for run in runs}
    best, values, short = study.best(), study.values(), shorten(list(study.search.space))
    rows: list[Row] = []
    for number, state, settings in study.trials():
        # The command is at its end, and so are its trials.
        ended = "interrupted" if state == "running" else state
        row: dict[str, object] = {"trial": str(number), "state": ended, "best": "yes" if number in best else ""}
        row |= dict(zip_longest(study.search.objectives, values.get(number, ())))
        row |= {short[address]: as_text(value) for address, value in settings.items()}
        rows.append({**row, "run": names.get(number, "")[:RUN_DIGITS]})
    return rows


def candidate_command(study: Study, overrides: Sequence[str], number: int) -> str:
    """The command that trains a trial's settings with seeds that the search did not use."""
    settings = next(settings for one, _, settings in study.trials() if one == number)
    own = [word for word in without_place(overrides) if not word.startswith(("+search=", "seed="))]
    seeds = ",".join(str(study.seed + place) for place in range(1, SEEDS + 1))
    return sweep_command([*own, *overrides_of(settings), f"seed={seeds}"])
