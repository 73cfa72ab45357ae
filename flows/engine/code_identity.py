"""Which code a stage's result depends on, and what it says; sources are parsed, never imported or run.

A stage depends on its job and on the modules that it names, with everything that these import of the packages that it
names. A closure cannot forget a helper. What is left out:

* the engine itself: planning, running and keeping results is no part of them;
* modules whose last name is in NOT_PART_OF_RESULTS, such as the wording of errors, unless the stage names them;
* what is imported by name, with importlib: who chooses so names the chosen module in the stage's `code`.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stores.errors import StoreError

SOURCE_ROOT = Path(__file__).resolve().parents[2]
ENGINE = __name__.rpartition(".")[0]
# Errors' wording, lines of progress and states of trainings change no result; a declaration's values are in a stage's
# settings, and a catalogue or a builder chooses among modules, of which the stage names the chosen one.
NOT_PART_OF_RESULTS = frozenset({"errors", "progress", "checkpoints", "declaration", "catalogue", "build"})


def stage_code(job: str, code: tuple[str, ...], packages: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the code id of each module that a stage's result depends on, by module name.

    Args:
        job: module whose `run` does a shard.
        code: further modules, such as those that the job imports by name.
        packages: top-level packages whose modules count where they are imported, beside the job's own.

    Raises:
        StoreError: a module does not exist, or its source does not parse.
    """
    followed = frozenset({job.partition(".")[0], *packages})
    # Of a module that is named although it is not part of results, its imports are still not.
    named = {name for name in code if not _counts(name)}
    names = named.union(*(_closure(root, followed) for root in (job, *code)))
    return {name: _source(name).code_id for name in sorted(names)}


def code_id(module_names: Sequence[str], roots: Sequence[Path]) -> dict[str, str]:
    """Return, for each module, the sha256 of its source without comments, docstrings and layout.

    Args:
        module_names: dotted names, such as "pipeline.randomness"; a package means its `__init__.py`.
        roots: folders that hold the top-level packages, searched in order.

    Raises:
        StoreError: when a module is in none of the roots, or its source does not parse.
    """
    return {name: _read_source(_locate(name, roots)).code_id for name in module_names}


def imports_within(name: str, package: str) -> tuple[str, ...]:
    """Return the modules of a top-level package that a module imports anywhere in its source, functions included."""
    found = _source(name).imported
    return tuple(sorted(item for item in found if item.partition(".")[0] == package and _exists(item)))


def source_path(name: str) -> Path:
    """Return the file of a module; of a package, its `__init__.py`."""
    path = SOURCE_ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@dataclass(frozen=True)
class _Source:
    code_id: str
    imported: frozenset[str]


@cache
def _source(name: str) -> _Source:
    return _read_source(_locate(name, [SOURCE_ROOT]))


@cache
def _closure(root: str, packages: frozenset[str]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in seen and _counts(name):
            seen.add(name)
            waiting += [found for package in packages for found in imports_within(name, package)]
    return frozenset(seen)


def _counts(name: str) -> bool:
    is_engine = f"{name}.".startswith(f"{ENGINE}.")
    is_bare_package = "." not in name
    return not (is_engine or is_bare_package or name.rpartition(".")[2] in NOT_PART_OF_RESULTS)


@cache
def _exists(name: str) -> bool:
    return source_path(name).is_file()


def _locate(module_name: str, roots: Sequence[Path]) -> Path:
    names = module_name.split(".")
    if all(name.isidentifier() for name in names):
        for root in roots:
            plain = root.joinpath(*names).with_suffix(".py")
            package = root.joinpath(*names, "__init__.py")
            for candidate in (package, plain):
                if candidate.is_file():
                    return candidate
    raise StoreError(
        expected=f"the source of module {module_name}",
        found="no such file",
        where=", ".join(str(root) for root in roots) or "(no folders given)",
        remedy="correct the module's name in the stage's list of code, or restore the file",
    )


def _read_source(path: Path) -> _Source:
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError) as error:
        raise StoreError(
            expected="Python source", found=str(error), where=str(path), remedy="correct the file"
        ) from error
    imported: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # "from package import module" names a module, too.
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _strip_docstring(node)
    return _Source(hashlib.sha256(ast.unparse(tree).encode()).hexdigest(), frozenset(imported))


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the module and all its statements, but no expressions: these hold no import and no docstring."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, name, ())


def _strip_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = node.body[0] if node.body else None
    value = first.value if isinstance(first, ast.Expr) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        # A body must hold a statement, and one that held a docstring alone did nothing.
        node.body = node.body[1:] or [ast.Pass()]
