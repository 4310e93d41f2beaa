"""Arrays as MLflow data sets: name, digest, shapes and source; the arrays themselves are not stored."""

from dataclasses import dataclass

import numpy as np
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.numpy_dataset import from_numpy
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT
from mlflow.utils.validation import MAX_DATASET_DIGEST_SIZE

from pipeline.tracking.store import Store


@dataclass(frozen=True)
class LoggedImages:
    """A part of the data, as a run uses it.

    Attributes:
        name: The part's name, such as `mnist-train`.
        images: Images, `(n, size, size)`, or with channels.
        labels: Their digits, `(n,)`.
        digest: A hash of the data; MLflow shows its first 36 characters, a tag has all of it.
        context: Its use in the run, such as `training`.
        source: The origin of the data, as text.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    digest: str
    context: str
    source: str


def log_images(store: Store, run_id: str, examples: LoggedImages) -> None:
    """Logs `examples` as an input of a run."""
    source, digest = CodeDatasetSource({"source": examples.source}), examples.digest[:MAX_DATASET_DIGEST_SIZE]
    described = from_numpy(examples.images, source=source, targets=examples.labels, name=examples.name, digest=digest)
    tags = {MLFLOW_DATASET_CONTEXT: examples.context, "sha256": examples.digest, "source": examples.source}
    entry = DatasetInput(Dataset(**described.to_dict()), [InputTag(key, value) for key, value in tags.items()])
    store.client.log_inputs(run_id, [entry])
