"""The comparison of stored jobs as one page: tables, the best settings, pictures and samples."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.data.files import write_text
from pipeline.data.rows import Row
from pipeline.rendering.comparison import RULE
from pipeline.rendering.page import Cell, Link, Page, PageCommands, PagePicture, PageTable, Section, build_page
from pipeline.rendering.spelling import spell
from pipeline.sweeps.comparison import Comparison, draw_last_samples
from pipeline.tracking.address import is_server, link_to
from pipeline.tracking.comparison import StoredJobs
from pipeline.tracking.store import Store
from pipeline.training.family import find_family

SAMPLES = (
    "The last samples of each run with this seed, of the same latents or images unless the size of latents varies."
)


def write_comparison(store: Store, stored: StoredJobs, path: Path) -> None:
    """Writes the page on stored jobs; it needs no other file and no network.

    Raises:
        TrackingError: The store does not hand out the samples.
        WriteError: The page cannot be written.
    """
    comparison = Comparison(stored.jobs, find_family(stored.family))
    with TemporaryDirectory() as folder:
        sections = [*_tables(comparison), *_pictures(store, comparison, Path(folder)), _command(stored)]
        page = Page(f"Comparison of {' and '.join(stored.sources.values())}", _summary(stored, comparison), sections)
        text = build_page(page)
    write_text(text, path)


def _summary(stored: StoredJobs, comparison: Comparison) -> Iterator[str]:
    finished, settings = sum(job.has_finished for job in stored.jobs), len(comparison.settings)
    runs = f"{len(stored.jobs)} {'runs' if len(stored.jobs) > 1 else 'run'} of the family {stored.family}"
    yield f"{finished} of {runs} finished, {settings} {'settings' if settings > 1 else 'setting'}."
    yield "Measures are those of each run's last report, on held-out images."
    for label in stored.labels:
        yield f"Marked {label}: not a real result."


def _tables(comparison: Comparison) -> Iterator[Section]:
    yield _table("Settings", comparison.setting_rows(), comparison.remark)
    verdicts = [(measure, verdict) for measure, verdict in comparison.verdicts.items()]
    why = f"No setting is called the best: that takes two settings, and three seeds of each. {RULE}"
    yield PageTable("The best setting", ("measure", "result") if verdicts else (), verdicts, RULE if verdicts else why)


def _pictures(store: Store, comparison: Comparison, folder: Path) -> Iterator[Section]:
    for picture, caption in comparison.draw(folder, title=""):
        heading = caption[0].upper() + caption[1:]
        yield PagePicture(heading, "Points are runs, diamonds means of settings.", picture)
    for seed, runs in comparison.samples().items():
        picture = folder / f"samples-{seed}.png"
        if draw_last_samples(store, runs, picture, title=""):
            yield PagePicture(f"Samples, seed {seed}", SAMPLES, picture)
    links = [Link(job.run_id, link_to(store.uri, job.experiment_id, job.run_id)) for job in comparison.jobs]
    rows = [{**row, "id in MLflow": link} for row, link in zip_longest(comparison.run_rows(), links)]
    served = "" if is_server(store.uri) else " Ids lead to MLflow's pages while make ui runs."
    yield _table("Runs", rows, f"The last report of each run.{served}")


def _command(stored: StoredJobs) -> Section:
    command = shlex.join(["python", "-m", "pipeline.compare", f"runs={','.join(stored.sources)}"])
    return PageCommands("How to make this page again", "From the same tracking store.", (command,))


def _table(heading: str, rows: Sequence[Row], note: str) -> PageTable:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[_cell(row, column) for column in columns] for row in rows]
    return PageTable(heading, [spell(column) for column in columns], cells, note)


def _cell(row: Mapping[str, object], column: str) -> Cell:
    value = row.get(column)
    return value if value is None or isinstance(value, float | Link) else str(value)
