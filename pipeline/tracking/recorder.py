"""Writing on a run by its id: points, pictures, files, tables, data sets and models, each once."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from mlflow.entities import Metric, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from pipeline.data.keys import Key
from pipeline.data.rows import Row, as_csv
from pipeline.tracking.address import page_of
from pipeline.tracking.datasets import LoggedImages, log_images
from pipeline.tracking.errors import TrackingError, one_line_errors
from pipeline.tracking.logged_models import ModelExample, log_model
from pipeline.tracking.points import PointLog
from pipeline.tracking.store import Store
from pipeline.training.history import Point

_PICTURE = re.compile(r"images/(?P<key>.+?)\+step\+(?P<step>\d+)\+.*\+compressed\.webp")


class Recorder:
    """Writes on one run; a `resumed` one may have points and pictures already, which are not written again."""

    def __init__(self, store: Store, run_id: str, *, resumed: bool = False) -> None:
        self.store, self.run_id, self._client = store, run_id, store.client
        with one_line_errors(store.uri):
            self._points = PointLog(store.client, run_id, resumed=resumed)
            self._pictures = self._held_pictures() if resumed else set()

    @property
    def page(self) -> str:
        """The address of the run's page in the browser; see `page_of`."""
        return page_of(self.store.uri, self.store.experiment_id, self.run_id)

    def log(self, points: Iterable[Point]) -> None:
        """Queues points; they are written in batches, with the first that are queued ten seconds after the last batch.

        Raises:
            TrackingError: The store does not take them; they stay pending.
        """
        with self.one_line_errors():
            self._points.add(points)

    def flush(self) -> None:
        """Writes the points still pending.

        Raises:
            TrackingError: The store does not take them; they stay pending.
        """
        with self.one_line_errors():
            self._points.flush()

    def picture(self, key: str, image: np.ndarray, step: int) -> None:
        """Logs a picture of one step; the pages show the pictures of a name with a slider over steps.

        The slider shows small copies; the whole picture is also logged, as `pictures/KEY/step-STEP.png`. It is uint8,
        `(height, width)` or `(height, width, 3)`.
        """
        if (key, step) in self._pictures:
            return
        with self.one_line_errors():
            self._client.log_image(self.run_id, image, artifact_file=f"pictures/{key}/step-{step:07d}.png")
            self._client.log_image(self.run_id, image, key=key, step=step, synchronous=True)
        self._pictures.add((key, step))

    def illustrate(self, path: str, caption: str) -> None:
        """Adds a picture, logged as the artifact `path`, to the run's description."""
        picture = f"![{caption}](get-artifact?path={quote(path)}&run_uuid={self.run_id})"
        with self.one_line_errors():
            described = self._client.get_run(self.run_id).data.tags.get(MLFLOW_RUN_NOTE, "")
            if picture not in described:
                self._client.set_tag(self.run_id, MLFLOW_RUN_NOTE, f"{described}\n\n{caption}:\n\n{picture}")

    def file(self, path: Path, folder: str | None = None) -> None:
        """Logs a file under the artifact folder `folder`, or at the top."""
        with self.one_line_errors():
            self._client.log_artifact(self.run_id, str(path), folder)

    def files(self, folder: Path, artifact_path: str | None = None) -> None:
        """Logs everything in a folder under the artifact folder `artifact_path`, or at the top."""
        with self.one_line_errors():
            self._client.log_artifacts(self.run_id, str(folder), artifact_path)

    def text(self, text: str, path: str) -> None:
        """Logs a text as the artifact `path`, such as `summaries/generator.txt`."""
        with self.one_line_errors():
            self._client.log_text(self.run_id, text, path)

    def table(self, rows: Sequence[Row], path: str) -> None:
        """Logs rows as the artifact `path`, a `.csv`, which the pages show as a table."""
        self.text(as_csv(rows), path)

    def tags(self, tags: Mapping[str, str]) -> None:
        """Sets tags, replacing earlier values."""
        with self.one_line_errors():
            self._client.log_batch(self.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def dataset(self, examples: LoggedImages) -> None:
        """Logs a part of the data as an input of the run."""
        with self.one_line_errors():
            log_images(self.store, self.run_id, examples)

    def model(self, name: str, keras_model: Any, example: ModelExample) -> str:
        """Logs a Keras model, replacing an earlier one of that name, and returns its id; see `log_model`."""
        with self.one_line_errors():
            return log_model(self.store, self.run_id, name, keras_model, example)

    def log_trained(self, values: Mapping[Key, float]) -> None:
        """Writes the values of an evaluation as `trained/…`, replacing earlier ones; the run may have ended."""
        written = {replace(key, trained=True).text: float(value) for key, value in values.items()}
        with self.one_line_errors():
            held = self._client.get_run(self.run_id).data.metrics.keys()
            now = int(time.time() * 1000)
            # Of two points at one step MLflow shows the later, and within a millisecond the greater.
            for key in written.keys() & held:
                now = max(now, 1 + max(point.timestamp for point in self._client.get_metric_history(self.run_id, key)))
            metrics = [Metric(key, value, now, 0) for key, value in written.items()]
            self._client.log_batch(self.run_id, metrics=metrics)

    @contextmanager
    def one_line_errors(self) -> Iterator[None]:
        """Turns errors within the block into a `TrackingError` of one line; a run that was deleted is named in it."""
        try:
            with one_line_errors(self.store.uri):
                yield
        except TrackingError as error:
            reason = self.store.explain_missing_run(self.run_id)
            raise TrackingError(reason) if reason else error from error.__cause__

    def _held_pictures(self) -> set[tuple[str, int]]:
        paths = (entry.path for entry in self._client.list_artifacts(self.run_id, "images"))
        found = filter(None, map(_PICTURE.fullmatch, paths))
        return {(match["key"].replace("~", "/"), int(match["step"])) for match in found}


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns rows as a Markdown table: floats with four significant digits, headings that can wrap."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    headings = [column.replace("/", " ").replace("_", " ") for column in columns]
    lines = [headings, ["---"] * len(columns), *([_cell(row.get(column, "")) for column in columns] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
