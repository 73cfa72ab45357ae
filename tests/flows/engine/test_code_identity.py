"""A comment or docstring leaves a module's identity alone; an edit of code does not."""

import sys
from pathlib import Path

import pytest

from flows.engine.code_identity import code_id
from stores.errors import StoreError

SOURCE = '''"""Module text."""

import os  # why


class Mask:
    """Class text."""

    def area(self, scale):
        """Function text."""
        return scale * 2


async def wait():
    """Only text."""
'''


def _identity(folder: Path, source: str) -> str:
    package = folder / "package" / "inner"
    package.mkdir(parents=True, exist_ok=True)
    (package / "module.py").write_text(source, encoding="utf-8")
    return code_id(["package.inner.module"], [folder])["package.inner.module"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # why", ""),
        ('"""Module text."""\n', ""),
        ("Class text", "Other text"),
        ('        """Function text."""\n', ""),
        ('    """Only text."""', '    """Another."""'),
        ("return scale * 2", "return (scale\n            * 2)  # twice"),
    ],
)
def test_comments_docstrings_and_layout_do_not_count(tmp_path: Path, old: str, new: str) -> None:
    assert old in SOURCE
    assert _identity(tmp_path, SOURCE.replace(old, new)) == _identity(tmp_path, SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("* 2", "* 3"),
        ("scale * 2", "2 * scale"),
        ("area", "size"),
        ("import os", "import re"),
        ("async ", ""),
    ],
)
def test_edits_of_code_count(tmp_path: Path, old: str, new: str) -> None:
    assert old in SOURCE
    assert _identity(tmp_path, SOURCE.replace(old, new)) != _identity(tmp_path, SOURCE)


def test_a_text_that_is_not_first_is_code(tmp_path: Path) -> None:
    assert _identity(tmp_path, 'x = 1\n"""text"""\n') != _identity(tmp_path, "x = 1\n")


def test_packages_and_later_roots_are_found_without_importing(tmp_path: Path) -> None:
    root = tmp_path / "second"
    (root / "never_imported_package").mkdir(parents=True)
    (root / "never_imported_package" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    found = code_id(["never_imported_package"], [tmp_path / "first", root])
    assert list(found) == ["never_imported_package"]
    assert "never_imported_package" not in sys.modules


@pytest.mark.parametrize("name", ["package.missing", "..secret", "package/inner", ""])
def test_a_missing_module_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="the source of module"):
        code_id([name], [tmp_path])


def test_source_that_does_not_parse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"module\.py"):
        _identity(tmp_path, "def broken(:\n")
