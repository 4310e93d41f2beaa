"""The report on a run, as a colleague opens it from a mail: one file, no network."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from pipeline.runs.report import write_report
from tests.browser.conftest import opened_file
from tests.runs.reported import NAMES, reported_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COLOUR = "getComputedStyle(document.body).backgroundColor"
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page alone, in a folder of its own."""
    file = write_report(reported_run(tmp_path_factory.mktemp("reported") / "a-1"))
    return Path(shutil.copy(file, tmp_path_factory.mktemp("mailed")))


@pytest.fixture
def requests() -> list[str]:
    """The addresses that the page asked for, but those of its own pictures."""
    return []


@pytest.fixture(params=["light", "dark"])
def opened(request: pytest.FixtureRequest, chromium: Browser, report: Path, requests: list[str]) -> Iterator[Page]:
    """The page on a phone's screen, in each scheme of colours."""
    phone = ViewportSize(width=360, height=740)
    with opened_file(chromium, report, size=phone, colours=request.param, troubles=requests) as page:
        yield page


def test_every_picture_is_there_and_nothing_else_is_asked_for(opened: Page, report: Path, requests: list[str]) -> None:
    pictures = opened.get_by_role("img")
    expect(pictures).to_have_count(len(NAMES) + 1)
    for number in range(len(NAMES) + 1):
        assert pictures.nth(number).evaluate("image => image.complete && image.naturalWidth") in (1200, 700)
    assert requests == [report.as_uri()]


def test_the_page_is_as_wide_as_a_phone_and_a_wide_picture_scrolls_in_its_own_box(opened: Page) -> None:
    assert opened.evaluate(WIDTH) == 360
    box = opened.get_by_role("group", name="Losses", exact=True)
    assert box.evaluate("box => box.scrollWidth > box.clientWidth + 100")


def test_the_page_follows_the_colours_of_the_reader(opened: Page) -> None:
    dark = opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert opened.evaluate(COLOUR) == ("rgb(22, 24, 26)" if dark else "rgb(252, 252, 251)")


def test_the_contents_lead_to_a_section(opened: Page) -> None:
    opened.get_by_role("navigation", name="Contents").get_by_role("link", name="How to reproduce").click()
    expect(opened.get_by_role("heading", name="How to reproduce")).to_be_in_viewport()
