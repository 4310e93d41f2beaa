"""Which code decides a result: a module and all that it imports, less what cannot change it."""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from pipeline.settings.paths import ROOT

PACKAGE = "pipeline"
DIGITS = 12
# They start, log, describe and print what is computed elsewhere.
WITHOUT_EFFECT = (
    *("cli", "sweeps", "tracking", "composition.summaries", "judging.description", "runs.description"),
    *("rendering.tables", "rendering.terminal"),
)
DRAWING = ("evaluate", "render")
ROOTS = {
    "fetch": ("data.sources",),
    "judge": ("judging.result",),
    "train": ("runs.training", "training.{family}", "settings.{family}"),
    "evaluate": ("runs.evaluation", "training.{family}", "settings.{family}"),
    "render": ("runs.pictures", "training.{family}", "settings.{family}"),
}


def stage_code(stage: str, family: str | None = None, *, root: Path = ROOT) -> list[Path]:
    """Returns the files whose code decides the outputs of a stage: its own, and what its work imports.

    Args:
        stage: Such as `train`.
        family: The family it is run for; none for `fetch` and `judge`.
        root: The project's root folder.
    """
    without = WITHOUT_EFFECT if stage in DRAWING else (*WITHOUT_EFFECT, "rendering")
    modules = (f"{PACKAGE}.{module.format(family=family)}" for module in ROOTS[stage])
    return sorted({root / PACKAGE / f"{stage}.py", *code_of(*modules, without=without, root=root)})


def code_of(*modules: str, without: Collection[str] = (), root: Path = ROOT) -> list[Path]:
    """Returns the files whose code decides what modules compute.

    Imports inside functions count, those under `TYPE_CHECKING` do not, nor do files that hold a docstring alone. A
    module that is found by a name made at run time, such as a family's, has to be passed.

    Args:
        modules: Names such as `pipeline.runs.training`.
        without: Modules and rooms that are left out with all that only they import, such as `tracking`.
        root: The project's root folder.

    Returns:
        Existing files below `root/pipeline`, sorted.
    """
    found: set[Path] = set()
    pending = [name for module in modules for name in _with_packages(module)]
    while pending:
        module = pending.pop()
        file = _file_of(module, root)
        if file is not None and file not in found and not _is_within(module, without):
            found.add(file)
            pending += _imports(file)
    return sorted(file for file in found if _has_code(file))


def code_digest(files: Iterable[Path], *, root: Path = ROOT) -> str:
    """SHA-256 of code, 64 hexadecimal digits, whatever the line ends and the folder that `root` lies in."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def combined_digest(*digests: str) -> str:
    """SHA-256 of several digests."""
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def _file_of(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.exists():
            return file
    return None


def _has_code(file: Path) -> bool:
    """Whether there is more in a file than what it says of itself."""
    return any(not isinstance(node, ast.Expr) for node in ast.parse(file.read_bytes()).body)


def _is_within(module: str, rooms: Collection[str]) -> bool:
    name = module.removeprefix(f"{PACKAGE}.")
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def _imports(file: Path) -> Iterator[str]:
    for node in _run(ast.parse(file.read_bytes())):
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
    """Walks the nodes that run: all but the blocks for type checkers."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _run(child)


def _with_packages(module: str) -> list[str]:
    """A module's name and those of its packages, whose `__init__.py` run before it."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
