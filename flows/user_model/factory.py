"""Calling a user's factory: the one place where code that is not this program's is imported and run."""

import copy
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from flows.user_model.sources import FactorySources, factory_sources
from pipeline.errors import BadModel
from pipeline.similarity.user_model.process_state import AROUND_LOADING
from pipeline.similarity.user_model.user_code import ProcessGuard, ending_remedy, error_text, errors_as

# On modules that were imported here, and may be imported anew when their code changes.
MARK = "__sane_user_model__"


@dataclass(frozen=True)
class MadeModel:
    """What a factory returned.

    Attributes:
        model: a module, or an object with a method `embed`.
        guard: of the process around its code, with what that set when it was imported and called.
    """

    model: object
    guard: ProcessGuard


def call_factory(
    factory: str, folder: str, digests: Mapping[str, str], arguments: Mapping[str, Any], files: Mapping[str, str]
) -> MadeModel:
    """Return what the factory returns. The process is as before, but for the modules that are imported.

    Args:
        factory: "package.module:function".
        folder: the user's folder; its modules are found before installed ones.
        digests: what the code said when the run was planned.
        arguments: keyword arguments; the factory gets copies.
        files: further keyword arguments: absolute paths.

    Raises:
        BadModel: the code is another than planned, cannot be imported, or raises an error.
    """
    sources = factory_sources(factory, folder)
    if dict(sources.digests) != dict(digests):
        changed = sorted(set(sources.digests.items()) ^ set(digests.items()))
        raise BadModel(
            expected="the code that was there when the run was planned",
            found=f"another in {', '.join(sorted({name for name, _ in changed}))}",
            where=f"similarity_model.factory = {factory!r}, {sources.folder}",
            remedy="start the run again",
        )

    def refused(error: BaseException) -> BadModel:
        return _failed("a model", error, factory, "correct the factory or its arguments")

    with _folder_first(str(sources.folder) if sources.is_local else None):
        imported = _imported(sources.module, str(sources.folder), tuple(sorted(sources.digests.items())))
        _check_origin(sources, factory)
        guard = imported.guard.copy()
        with errors_as(refused), guard.around(AROUND_LOADING):
            made = getattr(imported.module, sources.function)(**copy.deepcopy(dict(arguments)), **files)
    return MadeModel(made, guard)


@contextmanager
def _folder_first(folder: str | None) -> Iterator[None]:
    """As for a script, modules in the user's folder come first; later they come last, so that they hide nothing.

    So do folders that the user's code adds.
    """
    before = list(sys.path)
    if folder is not None:
        sys.path.insert(0, folder)
    try:
        yield
    finally:
        added = dict.fromkeys(path for path in sys.path if path not in before)
        sys.path[:] = [*before, *added]


@dataclass(frozen=True)
class _Imported:
    """A user's module, and the guard that saw what importing it changed of the process."""

    module: ModuleType
    guard: ProcessGuard


# Once for each state of the code: the digests tell an edited module from the one imported before.
@lru_cache(maxsize=8)
def _imported(name: str, folder: str, digests: tuple[tuple[str, str], ...]) -> _Imported:
    names = [module for module, _ in digests]
    for loaded in names:
        # An earlier state, or a module of this name for another configuration; nothing that others imported.
        if hasattr(sys.modules.get(loaded), MARK):
            del sys.modules[loaded]
    importlib.invalidate_caches()
    guard = ProcessGuard(f"the user's module {name}")

    def refused(error: BaseException) -> BadModel:
        remedy = "import it with this Python by itself; install what it needs beside sane"
        return _failed("a module that can be imported", error, name, remedy)

    writes_nothing, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with errors_as(refused), guard.around(AROUND_LOADING):
            module = importlib.import_module(name)
    finally:
        sys.dont_write_bytecode = writes_nothing
        for loaded in names:
            origin = getattr(sys.modules.get(loaded), "__file__", None)
            if origin is not None and Path(folder) in Path(origin).parents:
                setattr(sys.modules[loaded], MARK, folder)
    return _Imported(module, guard)


def _check_origin(sources: FactorySources, factory: str) -> None:
    """Refuse to go on where Python took a module of the same name from elsewhere."""
    for name, file in sources.files.items():
        loaded = sys.modules.get(name)
        origin = getattr(loaded, "__file__", None)
        if loaded is not None and (origin is None or Path(origin).resolve() != file.resolve()):
            raise BadModel(
                expected=f"the module {name} from {file}",
                found=f"one from {origin}",
                where=f"similarity_model.factory = {factory!r}",
                remedy="give the module a name that no other package has",
            )


def _failed(expected: str, error: BaseException, where: str, remedy: str) -> BadModel:
    return BadModel(
        expected=expected,
        found=error_text(error),
        where=f"similarity_model.factory, {where!r}",
        remedy=f"{ending_remedy(error, remedy)}; --debug shows where it failed",
    )
