"""Examples are scripts beside the packages, so tests load them from their files."""

import importlib.util
from pathlib import Path
from types import ModuleType


def load_example(path: Path) -> ModuleType:
    """Return the module of that file."""
    spec = importlib.util.spec_from_file_location(f"{path.stem}_example", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
