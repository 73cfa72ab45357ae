"""Loads a copy of a module with one passage replaced, to show that a comparator notices the mistake."""

import importlib.util
from pathlib import Path
from types import ModuleType


def broken_copy(module: ModuleType, folder: Path, right: str, wrong: str) -> ModuleType:
    """Return the module with the one passage `right` replaced by `wrong`."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(right) == 1, f"{right!r} occurs {source.count(right)} times in {module.__name__}"
    path = folder / "broken.py"
    path.write_text(source.replace(right, wrong), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("broken", path)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy
