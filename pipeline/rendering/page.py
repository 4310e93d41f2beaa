"""A page of tables, pictures and commands as one HTML file, which needs no other file and no network."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from PIL import Image


@dataclass(frozen=True)
class Link:
    """A text that leads to an address, `http://…`."""

    text: str
    address: str


Cell = str | float | Link | None


@dataclass(frozen=True)
class PageTable:
    """A table: its heading, the names of its columns, and rows of texts, numbers and links; the first names the row."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    @property
    def in_words(self) -> bool:
        """Whether all cells but those that name rows are words, which are read from the left, and no numbers."""
        return all(isinstance(cell, str) and not cell[:1].isdigit() for row in self.rows for cell in row[1:])


@dataclass(frozen=True)
class PagePicture:
    """A picture: its heading, what it shows in a sentence, and its file, `.png` or `.gif`."""

    heading: str
    caption: str
    file: Path

    @property
    def address(self) -> str:
        """The picture itself as an address, `data:image/png;base64,…`."""
        return f"data:image/{self.file.suffix[1:]};base64,{b64encode(self.file.read_bytes()).decode()}"

    @property
    def still(self) -> str:
        """An animation's last frame as an address, for readers who want no motion; empty for any other picture."""
        with Image.open(self.file) as picture:
            if (frames := getattr(picture, "n_frames", 1)) == 1:
                return ""
            picture.seek(frames - 1)
            encoded = BytesIO()
            picture.save(encoded, "PNG")
        return f"data:image/png;base64,{b64encode(encoded.getvalue()).decode()}"

    @property
    def size(self) -> tuple[int, int]:
        """The picture's width and height in pixels."""
        with Image.open(self.file) as picture:
            return picture.size


@dataclass(frozen=True)
class PageCommands:
    """Commands: their heading, what they do in a sentence, and their lines."""

    heading: str
    note: str
    lines: Sequence[str]


Section = PageTable | PagePicture | PageCommands


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        title: The page's title.
        summary: What it is about, a paragraph each.
        sections: The sections in their order; their headings are all different.
    """

    title: str
    summary: Iterable[str]
    sections: Sequence[Section]


def build_page(page: Page) -> str:
    """Returns the page as HTML: texts are escaped, pictures are inlined, colours follow the reader's scheme."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["cell"] = _cell
    environment.tests["picture"] = lambda section: isinstance(section, PagePicture)
    environment.tests["link"] = lambda cell: isinstance(cell, Link)
    environment.tests["table"] = lambda section: isinstance(section, PageTable)
    return environment.from_string(TEMPLATE).render(page=page)


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:#,.4g}".removesuffix(".")


TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ page.title }}</title>
<style>
:root {
  --ground: #fcfcfb; --text: #1d1f21; --quiet: #5b6167; --line: #d9dcdf; --code: #f0f1f2; --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181a; --text: #e6e7e8; --quiet: #a4abb1; --line: #3a3f44; --code: #23272a; --link: #7db8f2; }
}
body {
  margin: 0 auto; max-width: 62rem; padding: 1.5rem clamp(0.8rem, 4vw, 2rem) 4rem;
  background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 0.5rem; }
p { margin: 0.3rem 0; max-width: 42rem; }
.quiet, figcaption { color: var(--quiet); }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; list-style: none; margin: 1rem 0 0; padding: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 1.2rem 0.25rem 0; border-bottom: 1px solid var(--line); text-align: right; }
th { font-weight: 600; }
th:first-child { text-align: left; font-weight: 400; }
thead th:first-child { font-weight: 600; }
.words th, .words td { text-align: left; }
@media (max-width: 30rem) { th, td { padding-right: 0.6rem; } body { font-size: 0.95rem; } }
figure { margin: 0.6rem 0 0; }
figcaption { margin-bottom: 0.5rem; max-width: 42rem; }
/* A picture that a narrow screen would shrink beyond legibility scrolls inside its own box. */
img { display: block; max-width: 100%; min-width: min(34rem, var(--width)); height: auto; background: white; }
pre { background: var(--code); padding: 0.7rem 0.9rem; overflow-x: auto; border-radius: 4px; }
code { font: 0.9rem/1.5 ui-monospace, monospace; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media print { nav { display: none; } figure { break-inside: avoid; } }
</style>
</head>
<body>
<header>
<h1>{{ page.title }}</h1>
{% for line in page.summary %}
<p>{{ line }}</p>
{% endfor %}
<nav aria-label="Contents"><ul>
{% for section in page.sections %}
<li><a href="#s{{ loop.index }}">{{ section.heading }}</a></li>
{% endfor %}
</ul></nav>
</header>
<main>
{% for section in page.sections %}
<section aria-labelledby="s{{ loop.index }}">
<h2 id="s{{ loop.index }}">{{ section.heading }}</h2>
{% if section is picture %}
<figure>
<figcaption>{{ section.caption }}</figcaption>
<div class="scroll" tabindex="0" role="group" aria-label="{{ section.heading }}">
<picture>
{% with still = section.still %}
{% if still %}
<source media="(prefers-reduced-motion: reduce)" srcset="{{ still }}">
{% endif %}
{% endwith %}
<img src="{{ section.address }}" alt="{{ section.caption }}"
 width="{{ section.size[0] }}" height="{{ section.size[1] }}" style="--width: {{ section.size[0] }}px">
</picture>
</div>
</figure>
{% elif section is table %}
{% if section.note %}
<p class="quiet">{{ section.note }}</p>
{% endif %}
<div class="scroll" tabindex="0" role="group" aria-label="{{ section.heading }}">
<table{% if section.in_words %} class="words"{% endif %}>
<thead><tr>{% for column in section.columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in section.rows %}
<tr><th scope="row">{{ row[0] | cell }}</th>
{%- for value in row[1:] %}
<td>
{%- if value is link %}<a href="{{ value.address }}">{{ value.text }}</a>{% else %}{{ value | cell }}{% endif -%}
</td>
{%- endfor %}
</tr>
{% endfor %}
</tbody>
</table>
</div>
{% else %}
<p class="quiet">{{ section.note }}</p>
<pre tabindex="0"><code>{{ section.lines | join("\\n") }}</code></pre>
{% endif %}
</section>
{% endfor %}
</main>
</body>
</html>
"""
