"""One `mlflow ui` and one Chromium for all tests here; a page that fails leaves its picture in `tmp_path`."""

import os
import shutil
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import pytest
from playwright.sync_api import Browser, Error, Page, ViewportSize, expect, sync_playwright

from pipeline.tracking.store import connect
from tests.browser.tracked import Tracked, track
from tests.tracking.test_server import mlflow_pages

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 30_000
SIZE = ViewportSize(width=1900, height=1200)

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Pages:
    """The pages of one experiment in a browser."""

    page: Page
    address: str

    def open(self, path: str) -> Page:
        """Opens what `path` names under the experiment, such as `runs`."""
        self.page.goto(f"{self.address}/{path}?workflowType=machine_learning")
        return self.page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        refuse(f"none of {', '.join(PROGRAMS)} is installed")
    # The pages run without any other host: MLflow's own ask some for news.
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=[alone]) as browser:
        yield browser


@contextmanager
def opened_file(
    chromium: Browser, file: Path, *, size: ViewportSize, colours: Literal["light", "dark"], troubles: list[str]
) -> Iterator[Page]:
    """Opens a page from a file. `troubles` gets what it asks for, but pictures in itself, and what its console says."""
    with chromium.new_context(viewport=size, color_scheme=colours) as context:
        page = context.new_page()
        page.on("request", lambda each: None if each.url.startswith("data:") else troubles.append(each.url))
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(file.as_uri())
        yield page


def refuse(reason: str) -> NoReturn:
    """Skips on a person's machine; where CI leaves a browser out, nobody would notice."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def served(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Tracked]]:
    """The address of the pages, which start while the runs are written."""
    root = tmp_path_factory.mktemp("a project")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as server, ThreadPoolExecutor() as pool:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        # Eight more processes, for MLflow to judge language models with, would double the time the pages take to come.
        patch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        store = connect(family="acgan", experiment="digits", root=root)
        address = pool.submit(server.enter_context, mlflow_pages(root, "--host", "127.0.0.1"))
        tracked = track(store, tmp_path_factory.mktemp("layers"))
        yield address.result(), tracked


@pytest.fixture
def tracked(served: tuple[str, Tracked]) -> Tracked:
    return served[1]


@pytest.fixture
def pages(chromium: Browser, served: tuple[str, Tracked], tmp_path: Path) -> Iterator[Pages]:
    address, tracked = served
    with chromium.new_context(viewport=SIZE) as context:
        context.set_default_timeout(PATIENCE)
        yield Pages(context.new_page(), f"{address}/#/experiments/{tracked.store.experiment_id}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    pages = item.funcargs.get("pages")
    if call.when == "call" and report.failed and isinstance(pages, Pages):
        picture = Path(str(item.funcargs["tmp_path"])) / "page.png"
        with suppress(Error):
            pages.page.screenshot(path=picture)
            report.sections.append(("page", str(picture)))
    return report
