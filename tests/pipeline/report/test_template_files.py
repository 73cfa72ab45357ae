"""The page's templates are files of the package: each changes the digest, and a built wheel holds them."""

import shutil
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from pipeline.report import template_files
from pipeline.report.template_files import STYLE_SHEET, template_text, templates_digest

ROOT = Path(template_files.__file__).resolve().parents[2]
FOLDER = ROOT / "pipeline" / "report" / "templates"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the folder, in which the module looks instead."""
    folder = tmp_path / "templates"
    shutil.copytree(FOLDER, folder)
    monkeypatch.setattr(template_files, "_folder", lambda: folder)
    return folder


def test_every_file_counts_by_name_and_content(copied):
    digests = [templates_digest()]
    for path in sorted(copied.iterdir()):
        path.write_bytes(path.read_bytes() + b"\n")
        digests.append(templates_digest())
    (copied / "page.html").rename(copied / "pages.html")
    digests.append(templates_digest())
    (copied / STYLE_SHEET).unlink()
    digests.append(templates_digest())
    assert len(set(digests)) == len(digests) >= 7


def test_equal_files_have_one_digest_whatever_else_lies_there(copied):
    unchanged = templates_digest()
    (copied / "page.html~").write_text("of an editor")
    assert templates_digest() == unchanged
    assert len(unchanged) == 64


def test_content_cannot_move_from_one_file_to_the_next(copied):
    tail = b"cards.html\0"
    for name, content in (("a.html", b"x" + tail), ("b.html", b"y")):
        (copied / name).write_bytes(content)
    before = templates_digest()
    (copied / "a.html").write_bytes(b"x")
    (copied / "b.html").write_bytes(tail + b"y")
    assert templates_digest() != before


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match=r"none\.html"):
        template_text("none.html")


def test_a_built_wheel_holds_the_templates(tmp_path):
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    packed = zipfile.ZipFile(wheel)
    expected = {f"pipeline/report/templates/{path.name}" for path in FOLDER.iterdir()}
    assert {name for name in packed.namelist() if name.startswith("pipeline/report/templates/")} == expected
    assert packed.read(f"pipeline/report/templates/{STYLE_SHEET}").decode() == template_text(STYLE_SHEET)
