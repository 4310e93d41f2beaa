"""The page that compares sweeps, as a colleague opens it from a mail: one file, no network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from pipeline.sweeps.page import write_comparison
from pipeline.tracking.comparison import find_jobs
from pipeline.tracking.store import connect
from tests.browser.conftest import opened_file
from tests.sweeps.stored import store_sweep

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COLOUR = "getComputedStyle(document.body).backgroundColor"
WIDTH = "document.documentElement.scrollWidth"
PICTURES = 7


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on two sweeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        store = connect(family="acgan", experiment="mnist", root=tmp_path_factory.mktemp("a project"))
    sweeps = [store_sweep(store, 0.7, 0.8), store_sweep(store, 0.9)]
    path = tmp_path_factory.mktemp("mailed") / "compare.html"
    write_comparison(store, find_jobs(store, sweeps), path)
    return path


@pytest.fixture
def troubles() -> list[str]:
    """The addresses that the page asked for but those of its own pictures, and what its console complained of."""
    return []


@pytest.fixture(params=["light", "dark"])
def opened(request: pytest.FixtureRequest, chromium: Browser, written: Path, troubles: list[str]) -> Iterator[Page]:
    """The page on a desk's screen, in each scheme of colours."""
    desk = ViewportSize(width=1280, height=900)
    with opened_file(chromium, written, size=desk, colours=request.param, troubles=troubles) as page:
        yield page


def test_the_page_is_whole_asks_for_nothing_and_follows_the_colours_of_the_reader(
    opened: Page, written: Path, troubles: list[str]
) -> None:
    pictures = opened.get_by_role("img")
    expect(pictures).to_have_count(PICTURES)
    for number in range(PICTURES):
        assert pictures.nth(number).evaluate("image => image.complete && image.naturalWidth") > 400
    best = opened.get_by_role("region", name="The best setting").get_by_role("row", name="accuracy")
    expect(best).to_contain_text("best with real=0.9")
    expect(opened.get_by_role("row", name="real digits").first).to_contain_text("0.9900")
    dark = opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert opened.evaluate(COLOUR) == ("rgb(22, 24, 26)" if dark else "rgb(252, 252, 251)")
    opened.get_by_role("link", name="Samples, seed 2").click()
    expect(opened.get_by_role("heading", name="Samples, seed 2")).to_be_in_viewport()
    assert troubles == [written.as_uri()]


def test_it_is_as_wide_as_a_phone_and_wide_tables_scroll_in_their_own_box(opened: Page) -> None:
    opened.set_viewport_size(ViewportSize(width=360, height=740))
    assert opened.evaluate(WIDTH) == 360
    box = opened.get_by_role("group", name="Runs", exact=True)
    assert box.evaluate("box => box.scrollWidth > box.clientWidth + 100")
