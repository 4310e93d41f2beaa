"""What a person sees in MLflow's pages, in a real browser, of the runs that the pipeline tracks."""

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from pipeline.tracking.address import page_of
from tests.browser.conftest import Pages
from tests.browser.tracked import HISTOGRAMS, LAST_SAMPLES, MEASURES, SAMPLES, STEPS, SUMMARY, Tracked

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LINES_DRAWN = """element => {
    const everything = document.createRange()
    everything.selectNodeContents(element)
    const drawn = Array.from(everything.getClientRects()).filter(box => box.width > 0)
    return new Set(drawn.map(box => Math.round(box.top))).size
}"""


def run_row(pages: Pages, name: str) -> Locator:
    """A run's row in the table of runs."""
    return pages.page.get_by_role("row").filter(has=pages.page.get_by_role("link", name=name, exact=True))


def unfold(pages: Pages, name: str) -> None:
    """Shows the runs that stand under one in the table."""
    run_row(pages, name).get_by_role("gridcell").filter(has_text=name).get_by_role("button").click()


def value_row(pages: Pages, name: str) -> Locator:
    """The row that shows the value of a parameter or metric."""
    return pages.page.get_by_role("row").filter(has=pages.page.get_by_text(name, exact=True))


def open_artifact(pages: Pages, path: str) -> None:
    """Clicks through the tree of artifacts, a folder after the other."""
    tree = pages.page.get_by_role("main").get_by_role("list").first
    for name in path.split("/"):
        tree.get_by_text(name, exact=True).click()


def expect_loaded(picture: Locator, width: int) -> None:
    """A picture is in sight, and its file has come whole."""
    expect(picture).to_be_in_viewport()
    expect(picture).to_have_js_property("naturalWidth", width)


def test_a_run_says_what_it_is_and_shows_its_last_samples(pages: Pages, tracked: Tracked) -> None:
    page = pages.open(f"runs/{tracked.training}")
    expect(page.get_by_role("heading", name=tracked.name(tracked.training))).to_be_visible()
    expect(page.get_by_text("40 steps of 50 images, seed 0, a report every 20 steps")).to_be_visible()
    expect(page.get_by_text("python -m pipeline.train acgan.steps=40")).to_be_visible()
    page.get_by_text("Show more").click()
    with Image.open(tracked.artifact(LAST_SAMPLES)) as picture:
        expect_loaded(page.get_by_role("paragraph").get_by_role("img"), picture.width)


def test_the_pages_that_a_command_names_at_its_end_show_its_run_and_all_runs(pages: Pages, tracked: Tracked) -> None:
    server, _, _ = pages.address.partition("/#/")
    for run_id in ("", tracked.training):
        pages.page.goto(page_of(server, tracked.store.experiment_id, run_id))
        expect(pages.page.get_by_text(tracked.name(tracked.training), exact=True).first).to_be_visible()


def test_settings_stand_under_their_addresses(pages: Pages, tracked: Tracked) -> None:
    pages.open(f"runs/{tracked.training}")
    for name, value in (("acgan.steps", "40"), ("acgan.soft_label.real", "0.9")):
        expect(value_row(pages, name).get_by_role("cell")).to_have_text([name, value])


def test_losses_of_both_splits_have_charts_over_steps(pages: Pages, tracked: Tracked) -> None:
    page = pages.open(f"runs/{tracked.training}/model-metrics")
    for key in ("train/generator/loss", "heldout/hard/discriminator/auxiliary_loss"):
        section, _, loss = key.rpartition("/")
        page.get_by_role("searchbox", name="Search metric charts").fill(key)
        expect(page.get_by_text(section, exact=True)).to_be_visible()
        expect(page.get_by_role("heading", name=loss, exact=True)).to_have_count(1)
        expect(page.get_by_text(f"{tracked.name(tracked.training)} ({key})")).to_be_visible()
        expect(page.get_by_role("img").filter(has_text="Step")).to_have_count(1)


def test_curves_come_before_bars_and_the_quality_before_its_reference(pages: Pages, tracked: Tracked) -> None:
    page = pages.open(f"runs/{tracked.training}/model-metrics")
    parts = ("heldout/hard", "train")
    curves = [f"{split}/{component}" for split in parts for component in ("discriminator", "generator")]
    bars = ["trained/quality", "trained/reference", "trained/test/matched/generator"]
    tops = []
    for section in (*curves, *bars):
        heading = page.get_by_text(section, exact=True)
        expect(heading).to_be_attached()
        tops.append(heading.evaluate("element => element.getBoundingClientRect().top"))
    assert tops == sorted(tops)
    assert len(set(tops)) == len(tops)


def test_a_summary_is_shown_line_by_line(pages: Pages, tracked: Tracked) -> None:
    page = pages.open(f"runs/{tracked.training}/artifacts")
    open_artifact(pages, SUMMARY)
    text = page.get_by_role("code").filter(has_text='Model: "combined"')
    expect(text).to_be_visible()
    lines = tracked.artifact(SUMMARY).read_text(encoding="utf-8").splitlines()
    assert text.inner_text().rstrip().splitlines() == lines
    assert text.evaluate(LINES_DRAWN) == len(lines)


def test_the_histograms_of_the_weights_are_shown(pages: Pages, tracked: Tracked) -> None:
    page = pages.open(f"runs/{tracked.training}/artifacts")
    open_artifact(pages, HISTOGRAMS)
    with Image.open(tracked.artifact(HISTOGRAMS)) as picture:
        expect_loaded(page.get_by_role("img", name=HISTOGRAMS), picture.width)


def test_samples_have_a_slider_over_the_steps(pages: Pages, tracked: Tracked) -> None:
    page = pages.open(f"runs/{tracked.training}/model-metrics")
    page.get_by_role("button", name="Add chart").first.click()
    page.get_by_role("menuitem", name="Image grid").click()
    chart = page.get_by_role("dialog")
    chart.get_by_role("combobox", name="Images").click()
    page.get_by_role("option", name=SAMPLES).click()
    page.keyboard.press("Escape")
    chart.get_by_text("Show run parameters").click()
    slider = chart.get_by_role("slider")
    for step in STEPS:
        if step > STEPS[0]:
            slider.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuenow", str(step))
        expect_loaded(chart.locator(f"img[src*='step%2B{step}%2B']"), 256)


def test_jobs_stand_under_their_sweep_and_evaluations_under_their_training(pages: Pages, tracked: Tracked) -> None:
    page = pages.open("runs")
    for parent, nested in ((tracked.sweep, tracked.jobs), (tracked.training, [tracked.evaluation])):
        expect(run_row(pages, tracked.name(parent))).to_be_visible()
        for run in nested:
            expect(run_row(pages, tracked.name(run))).to_be_hidden()
        unfold(pages, tracked.name(parent))
        for run in nested:
            expect(run_row(pages, tracked.name(run))).to_be_visible()
    pages.open(f"runs/{tracked.jobs[0]}")
    expect(page.get_by_role("link", name=tracked.name(tracked.sweep))).to_be_visible()


def test_a_sweeps_page_shows_its_tables_and_its_picture_above_its_jobs(pages: Pages, tracked: Tracked) -> None:
    page = pages.open(f"runs/{tracked.sweep}")
    page.get_by_text("Show more").click()
    for job in tracked.jobs:
        expect(page.get_by_role("cell", name=tracked.name(job))).to_be_in_viewport()
    expect(page.get_by_role("cell", name="real=1.75 generated=0.25", exact=True)).to_be_in_viewport()
    pictures = page.get_by_role("paragraph").get_by_role("img")
    expect(pictures).to_have_count(1 + len(MEASURES))
    expect_loaded(pictures.first, 1280)
    for job in tracked.jobs:
        link = page.get_by_role("link", name=tracked.name(job))
        link.scroll_into_view_if_needed()
        expect(link).to_be_in_viewport()


def test_two_jobs_are_compared_by_what_differs(pages: Pages, tracked: Tracked) -> None:
    page = pages.open("runs")
    unfold(pages, tracked.name(tracked.sweep))
    for job in tracked.jobs:
        run_row(pages, tracked.name(job)).get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Comparing 2 Runs from 1 Experiment")).to_be_visible()
    page.get_by_role("switch", name="Parameters").click()
    weight = "acgan.auxiliary_weight.generated"
    expect(value_row(pages, weight).get_by_role("cell")).to_have_text(["0.25", "0.5"])
    expect(value_row(pages, "acgan.latent_size")).to_be_hidden()
    expect(page.get_by_role("link", name="heldout/hard/generator/loss", exact=True)).to_be_visible()
