"""The code that decides a result: a module and all that it imports, except what cannot change the result."""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.settings.errors import PipelineError
from pipeline.settings.paths import SOURCES, display

PACKAGE = "pipeline"
SHORT_DIGEST = 12  # hexadecimal digits, in the names of folders
# These start, log and print what others compute, name and describe it for the tracking store, or serve other commands.
WITHOUT_EFFECT = (
    *("cli", "sweeps", "tracking", "composition.summaries", "judging.description", "runs.description"),
    *("rendering.tables", "rendering.terminal"),
    *("settings.compare", "settings.drawing", "settings.job", "settings.promote"),
)
DRAWING = ("evaluate", "render")
# What the work of each stage begins with; its own file also starts and reads what the stage before it made.
ROOTS = {
    "fetch": ("data.sources",),
    "judge": ("data.dataset_file", "judging.fit", "judging.result"),
    "train": ("runs.training", "judging.result", "training.{family}", "settings.{family}"),
    "evaluate": ("runs.evaluation", "training.{family}", "settings.{family}"),
    "render": ("runs.pictures", "runs.report", "training.{family}", "settings.{family}"),
}


class CodeError(PipelineError):
    """Code is not there, or not what it was."""


def stage_code(stage: str, family: str | None = None, *, root: Path = SOURCES) -> list[Path]:
    """Returns the files whose code decides the outputs of a stage, such as `train`: its own, and what its work imports.

    `family` is the one that the stage runs for; None for `fetch` and `judge`.

    Raises:
        CodeError: The family has no code.
    """
    without = WITHOUT_EFFECT if stage in DRAWING else (*WITHOUT_EFFECT, "rendering")
    modules = (f"{PACKAGE}.{module.format(family=family)}" for module in ROOTS[stage])
    return sorted({root / PACKAGE / f"{stage}.py", *code_of(*modules, without=without, root=root)})


def all_stage_code(families: Collection[str], *, root: Path = SOURCES) -> dict[str, list[Path]]:
    """Returns the files of `stage_code` by names such as `judge` or, of a stage of a family, `train-acgan`."""
    return {
        f"{stage}-{family}" if family else stage: stage_code(stage, family, root=root)
        for stage, modules in ROOTS.items()
        for family in (families if any("{family}" in module for module in modules) else [None])
    }


def code_of(*modules: str, without: Collection[str] = (), root: Path = SOURCES) -> list[Path]:
    """Returns the files whose code decides the results of modules.

    Imports inside functions count. Imports under `TYPE_CHECKING` and files that hold only a docstring do not. A module
    that is imported by a name built at run time, such as a family's, must be passed.

    Args:
        modules: Names such as `pipeline.runs.training`.
        without: Modules and rooms to leave out, with everything that only they import, such as `tracking`.
        root: The project's root folder.

    Returns:
        Existing files below `root/pipeline`, sorted.

    Raises:
        CodeError: One of `modules` has no file.
    """
    for module in modules:
        if _file_of(module, root) is None:
            raise CodeError(f"the module `{module}` must be there, whose code decides what a stage makes")
    found: dict[Path, _Module] = {}
    pending = [name for module in modules for name in _with_packages(module)]
    while pending:
        module = pending.pop()
        file = _file_of(module, root)
        if file is not None and file not in found and not _is_within(module, without):
            found[file] = _parse(file, file.read_bytes())
            pending += found[file].imports
    return sorted(file for file, module in found.items() if module.has_code)


def list_digests(files: Iterable[Path], *, root: Path = SOURCES) -> str:
    """Lists files as `sha256sum` does: a line for each, with its SHA-256 and its path below `root`.

    Line ends in the files do not change the digests.
    """
    return "".join(
        f"{hashlib.sha256(_content(file)).hexdigest()}  {file.relative_to(root).as_posix()}\n" for file in files
    )


def require_listed_code(stage: str, folder: Path) -> None:
    """Refuses a stage of DVC, such as `train@acgan`, whose code is not that of its list in `folder` any more.

    DVC would keep its results as those of the code listed.

    Raises:
        CodeError: The code has changed since `digest` listed it.
    """
    name, _, family = stage.partition("@")
    file = folder / f"{stage.replace('@', '-')}.txt"
    if name in ROOTS and file.exists() and file.read_text("utf-8") != list_digests(stage_code(name, family or None)):
        raise CodeError(
            f"the code must be as {display(file)} lists it, and it has changed since: run `dvc repro` again"
        )


def code_digest(files: Iterable[Path], *, root: Path = SOURCES) -> str:
    """SHA-256 of code, 64 hexadecimal digits; line ends and the location of `root` do not change it."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(_content(file))
    return digest.hexdigest()


def combined_digest(*digests: str) -> str:
    """SHA-256 of several digests."""
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def _content(file: Path) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n")


def _file_of(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.exists()), None)


class _Module(NamedTuple):
    """What a file of code imports of the package, and whether it holds more than a docstring."""

    imports: tuple[str, ...]
    has_code: bool


@cache
def _parse(file: Path, code: bytes) -> _Module:
    try:
        tree = ast.parse(code, file)
    except SyntaxError:  # the stages that run it say so, and the others go on
        return _Module((), has_code=True)
    return _Module(tuple(_imports(tree)), any(not isinstance(node, ast.Expr) for node in tree.body))


def _is_within(module: str, rooms: Collection[str]) -> bool:
    name = module.removeprefix(f"{PACKAGE}.")
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in _run(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == PACKAGE:
                yield from _with_packages(name)


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Walks the nodes that run: all except the blocks for type checkers."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _run(child)


def _with_packages(module: str) -> list[str]:
    """A module's name and those of its packages, whose `__init__.py` run before it."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
