"""What a worker compares with the driver: all files that decide how a shard is computed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.engine.on_dask import worker


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Small packages in place of the project's own."""
    templates = ("page.html", "report.css", "gallery.js")
    for name in (*(f"pipeline/report/templates/{name}" for name in templates), "flows/run.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"of {name}")
    monkeypatch.setattr(worker, "SOURCE_ROOT", tmp_path)
    worker.source_digest.cache_clear()
    yield tmp_path
    worker.source_digest.cache_clear()


def digest_now() -> str:
    worker.source_digest.cache_clear()
    return worker.source_digest()


@pytest.mark.parametrize(
    "name",
    ["flows/run.py", *(f"pipeline/report/templates/{name}" for name in ("page.html", "report.css", "gallery.js"))],
)
def test_modules_templates_and_style_sheets_are_compared(source: Path, name: str) -> None:
    before = digest_now()
    (source / name).write_text("another version")
    assert digest_now() != before


def test_what_a_run_leaves_beside_the_sources_is_not(source: Path) -> None:
    before = digest_now()
    (source / "flows" / "__pycache__").mkdir()
    (source / "flows" / "__pycache__" / "run.cpython-311.pyc").write_bytes(b"compiled")
    assert digest_now() == before
