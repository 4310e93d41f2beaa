"""The page as `make demo-build` builds it, served on 127.0.0.1 and opened in a browser."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, expect

from demo.build import PAGE, write_models, write_runtime
from tests.browser.conftest import PATIENCE, refuse
from tests.browser.demo_models import Models, export

SOURCES = ("*.html", "*.css", "*.js", "*.svg")


@dataclass(frozen=True)
class Demo:
    """The page in a browser, and what went wrong or elsewhere."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def picture(self, name: str) -> str:
        """What a canvas shows, as a PNG in base64."""
        picture: str = self.page.locator(f"#{name}").evaluate("canvas => canvas.toDataURL()")
        return picture

    def wait_for_change(self, name: str, before: str) -> None:
        patience = time.monotonic() + PATIENCE / 1000
        while self.picture(name) == before:
            assert time.monotonic() < patience, f"#{name} must change"
            self.page.wait_for_timeout(50)

    def read_of_hundred(self) -> int:
        """How many digits of the sheet the judge reads as asked for."""
        expect(self.page.locator("#score")).to_contain_text("of 100 as asked for")
        return int((self.page.locator("#score").text_content() or "").split()[3])

    def call(self, expression: str, **given: Any) -> Any:
        """The value of an expression over the page's modules `models` and `latents`."""
        modules = "const models = await import('./models.js'), latents = await import('./latents.js');"
        return self.page.evaluate(f"async given => {{ {modules} return {expression}; }}", given)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@contextmanager
def site(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def built(models: Models, folder: Path) -> Path:
    """The page as `make demo-build` builds it."""
    write_models(export(models, folder / "exported"), folder / "models")
    return with_runtime(folder)


def with_runtime(folder: Path) -> Path:
    """Adds the page's sources and onnxruntime-web."""
    if shutil.which("npm") is None:
        refuse("npm, which installs onnxruntime-web, is missing")
    for pattern in SOURCES:
        for file in PAGE.glob(pattern):
            shutil.copy(file, folder)
    write_runtime(folder / "ort", installed=folder / "installed")
    return folder


@contextmanager
def opened(chromium: Browser, address: str, **options: Any) -> Iterator[Demo]:
    with chromium.new_context(**options) as context:
        context.set_default_timeout(PATIENCE)
        demo = Demo(context.new_page(), address)
        demo.page.on("console", lambda said: demo.complaints.append(said.text))
        demo.page.on("pageerror", lambda error: demo.complaints.append(str(error)))
        demo.page.on("request", lambda each: None if each.url.startswith(address) else demo.complaints.append(each.url))
        demo.page.goto(address)
        expect(demo.page.locator("#reading")).to_contain_text("%")
        yield demo
