"""A page of tables, pictures and commands in one file."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pipeline.rendering.page import Link, Page, PageCommands, PagePicture, PageTable, build_page


@pytest.fixture
def picture(tmp_path: Path) -> PagePicture:
    Image.new("L", (30, 20), 128).save(tmp_path / "a.png")
    return PagePicture("Digits", "All <ten> of them.", tmp_path / "a.png")


def test_numbers_have_four_digits_and_an_empty_cell_has_none() -> None:
    rows = [("a", 1.0, 0.99), ("b", 1234.5, None), ("c", 0.0001234, 9.8435)]
    html = build_page(Page("A run", (), [PageTable("Figures", ("measure", "generated", "real"), rows)]))
    for row in (
        '<th scope="row">a</th><td>1.000</td><td>0.9900</td>',
        '<th scope="row">b</th><td>1,234</td><td></td>',
        '<th scope="row">c</th><td>0.0001234</td><td>9.844</td>',
    ):
        assert row in html


def test_a_link_leads_to_its_address_and_both_are_escaped() -> None:
    link = Link("<b>", 'http://host/?a="&b=')
    html = build_page(Page("Runs", (), [PageTable("Runs", ("run", "id"), [("a", link)])]))
    assert '<td><a href="http://host/?a=&#34;&amp;b=">&lt;b&gt;</a></td>' in html


@pytest.mark.parametrize(
    ("cells", "in_words"),
    [
        (("no significant difference", "the best"), True),
        (("0.9927 ± 0.0029", "the best"), False),
        ((0.5, "the best"), False),
    ],
)
def test_a_table_of_words_alone_is_read_from_the_left(cells: tuple[str | float, str], in_words: bool) -> None:
    html = build_page(Page("A sweep", (), [PageTable("T", ("measure", "result"), [("a", cell) for cell in cells])]))
    assert ('<table class="words">' in html) == in_words


def test_a_picture_is_in_the_page_itself(picture: PagePicture) -> None:
    html = build_page(Page("A run", (), [picture]))
    assert html.count("<img") == html.count('src="data:image/png;base64,iVBOR') == 1
    assert "<source" not in html
    assert 'width="30" height="20"' in html
    assert "http" not in html


def test_an_animation_stands_still_at_its_end_for_readers_who_want_no_motion(tmp_path: Path) -> None:
    frames = [Image.new("L", (30, 20), grey) for grey in (0, 128, 255)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    animation = PagePicture("The training", "All of it.", tmp_path / "a.gif")
    html = build_page(Page("A run", (), [animation]))
    source = '<source media="(prefers-reduced-motion: reduce)" srcset="data:image/png;base64,'
    assert html.count('src="data:image/gif;base64,') == html.count(source) == 1
    encoded = html.partition(source)[2].partition('"')[0]
    with Image.open(BytesIO(b64decode(encoded))) as still:
        assert still.convert("L").getcolors() == [(30 * 20, 255)]


def test_what_a_run_is_called_is_shown_as_it_is_and_never_read_as_html(picture: PagePicture) -> None:
    name = "<script>alert('a')</script>"
    commands = PageCommands(name, name, (f"train label={name}", "evaluate"))
    html = build_page(Page(name, (name,), [picture, PageTable("T", (name,), [(name,)]), commands]))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 9
    assert 'alt="All &lt;ten&gt; of them."' in html
    assert "&lt;/script&gt;\nevaluate</code>" in html


def test_the_contents_lead_to_every_section(picture: PagePicture) -> None:
    html = build_page(Page("A run", (), [picture, PageCommands("How", "so", ("a",))]))
    for number, heading in ((1, "Digits"), (2, "How")):
        assert f'<a href="#s{number}">{heading}</a>' in html
        assert f'<h2 id="s{number}">{heading}</h2>' in html
