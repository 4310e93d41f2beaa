"""The page to play with, in a real browser: its models are small, trained within seconds, and those of `make repro`."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from pipeline.settings.paths import ROOT
from tests.browser.demo_models import LATENT, small_models, tracked_models
from tests.browser.demo_site import Demo, built, opened, site, with_runtime

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIKENESS = 1e-4  # of pixels in [-1, 1], between Keras' kernels and those of onnxruntime-web


@pytest.fixture(scope="module")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with site(built(small_models(), tmp_path_factory.mktemp("small"))) as address:
        yield address


@pytest.fixture
def demo(chromium: Browser, small_site: str) -> Iterator[Demo]:
    with opened(chromium, small_site) as demo:
        yield demo
        assert demo.complaints == []


def test_another_digit_seed_latent_and_end_of_a_walk_change_the_image(demo: Demo) -> None:
    maps = demo.picture("maps")
    for change in (
        lambda: demo.page.get_by_role("radio", name="7").check(force=True),
        lambda: demo.page.get_by_label("Seed").fill("42"),
        lambda: demo.page.get_by_label("Quarter 4").fill("0.9"),
        lambda: demo.page.get_by_label("Way to the other digit").fill("0.5"),
        lambda: demo.page.get_by_role("button", name="Another").click(),
    ):
        before = demo.picture("digit")
        change()
        demo.wait_for_change("digit", before)
    demo.wait_for_change("maps", maps)


def test_a_page_opened_as_a_file_where_no_script_runs_says_what_to_do(chromium: Browser, demo: Demo) -> None:
    expect(demo.page.locator("#unscripted")).to_have_count(0)
    page = chromium.new_page()
    page.goto((ROOT / "demo" / "index.html").as_uri())
    expect(page.locator("#unscripted")).to_be_visible()
    expect(page.locator("#unscripted")).to_contain_text("make demo")
    page.close()


def test_a_walk_ends_at_the_other_digit(demo: Demo) -> None:
    demo.page.get_by_label("To", exact=True).select_option("5")
    expect(demo.page.locator("#reading")).to_have_text(re.compile(r"^3 "))
    demo.page.get_by_role("button", name="Play").click()
    expect(demo.page.get_by_label("Way to the other digit")).to_have_value("1")
    expect(demo.page.locator("#reading")).to_have_text(re.compile(r"^5 "))


def test_the_keyboard_chooses_a_digit_and_moves_along_the_latent(demo: Demo) -> None:
    demo.page.keyboard.press("Tab")
    demo.page.keyboard.press("ArrowRight")
    expect(demo.page.get_by_role("radio", name="4")).to_be_checked()
    expect(demo.page.get_by_role("img", name="A generated digit, which the judge reads as 4")).to_be_visible()
    before = demo.picture("digit")
    for _ in range(4):  # past the seed, its button and a slider, to the one of the numbers that draw a small 4
        demo.page.keyboard.press("Tab")
    expect(demo.page.get_by_role("slider", name="Quarter 2")).to_be_focused()
    demo.page.keyboard.press("End")
    demo.wait_for_change("digit", before)


def test_the_judge_reads_the_digits_asked_for(demo: Demo) -> None:
    assert demo.read_of_hundred() >= 90
    sheet = demo.picture("sheet")
    demo.page.get_by_role("button", name="A hundred others").click()
    demo.wait_for_change("sheet", sheet)


def test_a_click_in_the_plane_and_a_slider_decode_another_point(demo: Demo) -> None:
    expect(demo.page.locator("#decodedReading")).to_contain_text("%")
    middle = demo.picture("decoded")
    box = demo.page.locator("#tiles").bounding_box()
    assert box is not None
    demo.page.locator("#tiles").click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.3})
    assert float(demo.page.get_by_role("slider", name="Across").input_value()) == pytest.approx(2, abs=0.1)
    assert float(demo.page.get_by_role("slider", name="Up").input_value()) == pytest.approx(1, abs=0.1)
    demo.wait_for_change("decoded", middle)
    clicked = demo.picture("decoded")
    demo.page.get_by_role("slider", name="Up").fill("-2")
    demo.wait_for_change("decoded", clicked)


def test_the_page_computes_what_keras_computes(demo: Demo) -> None:
    models, draw = small_models(), np.random.default_rng(4)
    latent = draw.uniform(-1, 1, (2, LATENT)).astype(np.float32)
    digit, points = np.array([[3], [8]], np.int32), draw.uniform(-2, 2, (2, 2)).astype(np.float32)
    table = models["generator"].get_layer("embedding").embeddings.numpy()
    given = {"latent": latent.tolist(), "embedded": table[digit[:, 0]].tolist(), "points": points.tolist()}
    drawn = demo.call("Array.from(await models.draw(given.latent, given.embedded))", **given)
    images = models["generator"]({"latent": latent, "digit": digit}, training=False).numpy()
    np.testing.assert_allclose(drawn, images.ravel(), atol=LIKENESS)

    decoded = demo.call("Array.from(await models.decode(given.points))", **given)
    expected = models["decoder"]({"latent": points}, training=False).numpy()[:, 2:-2, 2:-2]
    np.testing.assert_allclose(decoded, expected.ravel(), atol=LIKENESS)

    one = {"image": images[:1]}
    shown = "const pixels = Float32Array.from(given.pixels);"
    answer = demo.call(
        f"await (async () => {{ {shown} const seen = await models.discriminate(pixels), [shares] = await "
        "models.judge(pixels); return [[seen.real], [...seen.digits], [...shares]]; })()",
        pixels=one["image"].ravel().tolist(),
    )
    outputs = models["discriminator"](one, training=False)
    for got, wanted in zip(
        answer, (outputs["generation"], outputs["auxiliary"], models["judge"](one)["digit"]), strict=True
    ):
        np.testing.assert_allclose(got, np.ravel(wanted), atol=LIKENESS)


def test_latents_are_uniform_a_function_of_the_seed_and_stay_in_range_when_moved(demo: Demo) -> None:
    first, again, other = demo.call("[5, 5, 6].map(seed => latents.latentOf(seed, 10000))")
    assert first == again != other
    assert -1 <= min(first) < -0.99 < 0.99 < max(first) < 1
    assert abs(np.mean(first)) < 0.03
    assert np.std(first) == pytest.approx(1 / np.sqrt(3), abs=0.02)
    moved = demo.call("latents.moved(given.latent, [1, 0, 0, 0])", latent=first)
    assert moved[2500:] == first[2500:]
    assert max(np.abs(moved)) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_in_both_schemes_and_names_what_it_shows(
    scheme: str, chromium: Browser, small_site: str
) -> None:
    phone = ViewportSize(width=360, height=740)
    with opened(chromium, small_site, viewport=phone, color_scheme=scheme) as demo:
        assert demo.page.evaluate("document.documentElement.scrollWidth") == 360
        colour = demo.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colour == ("rgb(22, 24, 26)" if scheme == "dark" else "rgb(252, 252, 251)")
        for one in demo.page.locator("input, button, select, canvas").all():
            assert one.evaluate("one => one.ariaLabel || one.labels?.[0]?.textContent || one.textContent")
        for region in ("Draw a digit", "What the others see", "A hundred", "The VAE’s latent plane"):
            expect(demo.page.get_by_role("region", name=region)).to_be_visible()
        expect(demo.page.locator("#tiles")).to_have_attribute("width", str(12 * 28))


def test_a_page_without_its_models_says_what_to_do(chromium: Browser, tmp_path: Path) -> None:
    with_runtime(tmp_path)
    with site(tmp_path) as address, chromium.new_context() as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_role("alert")).to_contain_text("Build them with make demo-build.")


@pytest.mark.skipif(not (ROOT / "models" / "vae" / "run.json").exists(), reason="needs the models of `make repro`")
def test_the_models_of_make_repro_draw_95_of_100_digits_as_asked_for(chromium: Browser, tmp_path: Path) -> None:
    with site(built(tracked_models(), tmp_path)) as address, opened(chromium, address) as demo:
        assert demo.read_of_hundred() >= 95
        (first,) = demo.page.evaluate("performance.getEntriesByName('first digit').map(mark => mark.startTime)")
        assert first < 10_000  # ms; five times what it takes where nothing else runs
        assert demo.complaints == []
