"""Which modules a stage's result depends on, found by reading imports without running them."""

import ast
from functools import cache
from pathlib import Path

from flows.engine.source_digest import code_id

SOURCE_ROOT = Path(__file__).resolve().parents[2]

# Packages' own docstrings, the wording of errors and the lines of progress never change a result.
EXEMPT_MODULES = frozenset(
    {"pipeline", "pipeline.errors", "flows.jobs", "flows.readers", "flows.jobs.progress", "flows.jobs.checkpoints"}
)
JOB_PACKAGES = ("flows.jobs", "flows.readers")


def stage_code(job: str, code: tuple[str, ...]) -> dict[str, str]:
    """Return the code id of each module that a stage's result depends on, by module name.

    These are the job's module with the helpers it imports from flows.jobs, and the closure, within `pipeline`,
    of what `code` names. A module that only declares counts where `code` names it, and not otherwise: what matters of
    it is in the settings of stages. Departure from an explicit list per stage: a closure cannot forget a helper.

    Raises:
        StoreError: a module does not exist.
    """
    jobs = _closure(f"flows.jobs.{job}", JOB_PACKAGES)
    names = sorted({*jobs, *(name for root in code for name in _closure(root, ("pipeline",)))} - EXEMPT_MODULES)
    names = [name for name in names if name in code or not _only_declares(name)]
    return {name: _code_id(name) for name in names}


def _only_declares(name: str) -> bool:
    return name.endswith(".declaration") or name == "pipeline.saliency.catalogue"


@cache
def _code_id(name: str) -> str:
    return code_id([name], [SOURCE_ROOT])[name]


@cache
def _closure(root: str, packages: tuple[str, ...]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            if name == root or not _only_declares(name):
                waiting += [found for package in packages for found in imports_within(name, package)]
    return frozenset(seen)


@cache
def imports_within(name: str, package: str) -> tuple[str, ...]:
    """Return the modules of a package that a module imports anywhere in its source, functions included."""
    tree = ast.parse(source_path(name).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            # "from package import module" names a module, too.
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return tuple(sorted(item for item in found if f"{item}.".startswith(f"{package}.") and _exists(item)))


def source_path(name: str) -> Path:
    """Return the file of a module; of a package, its `__init__.py`."""
    path = SOURCE_ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(name: str) -> bool:
    return source_path(name).is_file()
