"""Calling a user's factory: the one place where code that is not this program's is imported and run."""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from flows.user_model.sources import FactorySources, factory_sources
from pipeline.errors import BadModel

# On modules that were imported here, and may be imported anew when their code changes.
MARK = "__sane_user_model__"


def call_factory(
    factory: str, folder: str, digests: Mapping[str, str], arguments: Mapping[str, Any], files: Mapping[str, str]
) -> object:
    """Return what the factory returns.

    Args:
        factory: "package.module:function".
        folder: the user's folder; its modules are found before installed ones.
        digests: what the code said when the run was planned.
        arguments: keyword arguments.
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
    with _folder_first(str(sources.folder) if sources.is_local else None):
        module = _imported(sources.module, str(sources.folder), tuple(sorted(sources.digests.items())))
        _check_origin(sources, factory)
        try:
            return getattr(module, sources.function)(**arguments, **files)
        except Exception as error:
            raise _failed("a model", error, factory, "correct the factory or its arguments") from error


@contextmanager
def _folder_first(folder: str | None) -> Iterator[None]:
    """As for a script, modules in the user's folder come first; later they come last, so that they hide nothing."""
    if folder is None:
        yield
        return
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)


# Once for each state of the code: the digests tell an edited module from the one imported before.
@lru_cache(maxsize=8)
def _imported(name: str, folder: str, digests: tuple[tuple[str, str], ...]) -> ModuleType:
    names = [module for module, _ in digests]
    for loaded in names:
        # An earlier state, or a module of this name for another configuration; nothing that others imported.
        if hasattr(sys.modules.get(loaded), MARK):
            del sys.modules[loaded]
    importlib.invalidate_caches()
    writes_nothing, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        module = importlib.import_module(name)
    except Exception as error:
        remedy = "import it with this Python by itself; install what it needs beside sane"
        raise _failed("a module that can be imported", error, name, remedy) from error
    finally:
        sys.dont_write_bytecode = writes_nothing
        for loaded in names:
            origin = getattr(sys.modules.get(loaded), "__file__", None)
            if origin is not None and Path(folder) in Path(origin).parents:
                setattr(sys.modules[loaded], MARK, folder)
    return module


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


def _failed(expected: str, error: Exception, where: str, remedy: str) -> BadModel:
    return BadModel(
        expected=expected,
        found=f"{type(error).__name__}: {str(error)[:500]}",
        where=f"similarity_model.factory, {where!r}",
        remedy=f"{remedy}; --debug shows where it failed",
    )
