"""Pages show commands that can be given as they stand, link to what is there, and are short."""

import re
import shlex
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest

from pipeline.settings.applicable import require_applicable
from pipeline.settings.overrides import quote_texts
from pipeline.settings.paths import ROOT
from tests.composing import jobs_of, settings_of

# Its commands need the family that it adds, and it holds whole files; tests/test_new_family.py follows it.
NEW_FAMILY = ROOT / "docs" / "how-to" / "add-a-family.md"
NOTEBOOK = sorted((ROOT / "benchmarks" / "notebook").glob("*.md"))
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")),
    ROOT / "pipeline" / "kernels" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LONGEST = 130  # lines, about two screens

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(python -m pipeline\.[^`]+)`")
LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", flags=re.MULTILINE)
ELSEWHERE = ("http://", "https://", "mailto:")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands(page: Path) -> list[str]:
    """The commands of stages in blocks without a language and in running text, without what is said of them."""
    shown = [block for language, block in FENCED.findall(text_of(page)) if not language]
    lines = [line for block in shown for line in block.replace("\\\n", " ").splitlines()]
    lines += INLINE.findall(FENCED.sub("", text_of(page)))
    found = [line.partition(" #")[0].strip() for line in lines if line.startswith("python -m pipeline.")]
    return [command for command in found if "…" not in command]


def links(page: Path) -> list[str]:
    """The targets of links and pictures that lead to files of the project or to headings."""
    found = LINK.findall(FENCED.sub("", text_of(page)))
    return [target for target in found if not target.startswith(ELSEWHERE)]


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    titles = HEADING.findall(FENCED.sub("", text_of(page)))
    kept = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)) for title in titles)
    return {title.strip().lower().replace(" ", "-") for title in kept}


COMMANDS = [
    pytest.param(command, id=f"{named(page)}: {command}")
    for page in PAGES
    if page != NEW_FAMILY
    for command in dict.fromkeys(commands(page))
]
LINKS = [
    pytest.param(page, target, id=f"{named(page)}: {target}")
    for page in (*PAGES, *NOTEBOOK)
    for target in dict.fromkeys(links(page))
]


def test_commands_and_links_are_found() -> None:
    shown = commands(ROOT / "docs" / "how-to" / "autoencoders.md")
    assert "python -m pipeline.train model=vae vae.steps=1400 vae.decay_steps=1400" in shown
    assert len(COMMANDS) >= 40
    assert "explanation/architecture.md" in links(ROOT / "docs" / "README.md")
    assert len(LINKS) >= 80


def test_anchors_are_those_that_forges_make() -> None:
    assert "a--b--c" in anchors(ROOT / "docs" / "explanation" / "architecture.md")
    assert "what-it-reaches" in anchors(ROOT / "docs" / "explanation" / "recipe.md")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_a_stage_and_composes_to_sound_settings(command: str) -> None:
    _, _, module, *words = shlex.split(command)
    assert find_spec(module) is not None
    jobs = jobs_of(*quote_texts([word for word in words if word != "--help"]))
    for job in (jobs[0], jobs[-1]):
        require_applicable(job, module=module, family=settings_of(*job).family)


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_every_link_leads_to_a_file_of_the_project_and_to_a_heading_of_it(page: Path, target: str) -> None:
    path, _, anchor = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.is_relative_to(ROOT.resolve())
    assert file.exists()
    if anchor:
        assert anchor in anchors(file)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_fits_about_two_screens(page: Path) -> None:
    if page != NEW_FAMILY:
        assert len(text_of(page).splitlines()) <= LONGEST


@pytest.mark.parametrize("page", [page for page in PAGES if (ROOT / "docs") in page.parents], ids=named)
def test_the_index_lists_every_page(page: Path) -> None:
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert page == index or page.resolve() in listed


def test_every_test_that_the_table_of_faults_names_exists() -> None:
    cells = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text_of(ROOT / "docs" / "reference" / "faults.md"))
    assert len(cells) >= 25
    for file, test in cells:
        code = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {test or 'test_'}" in code, (file, test)


def test_the_index_of_the_notebook_lists_every_page_of_it() -> None:
    index = ROOT / "benchmarks" / "notebook" / "README.md"
    assert {page.name for page in NOTEBOOK} - {index.name} <= set(links(index))


# That of `pipeline` itself names stages and the order of the packages.
OVERVIEWS = [path for path in sorted((ROOT / "pipeline").glob("*/**/__init__.py")) if "::\n" in text_of(path)]


@pytest.mark.parametrize("init", OVERVIEWS, ids=lambda init: named(init.parent))
def test_the_overview_of_a_package_names_all_that_is_in_it(init: Path) -> None:
    (block,) = re.findall(r"::\n\n((?:    .+\n|\n)+)", text_of(init))
    entries = [re.split(r" {2,}", line.strip())[0] for line in block.splitlines() if line.strip()]
    listed = {name.removesuffix(".py").rstrip("/") for entry in entries for name in entry.split()}
    modules = {path.stem for path in init.parent.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in init.parent.glob("*/__init__.py")}
    assert modules | packages == listed
