"""The benchmark of large reports: its made-up pairs become a whole report, and its CPU seconds are counted by step."""

from benchmarks.report_size import measure
from pipeline.report.file_names import GALLERY, GALLERY_DATA, OVERVIEW


def test_a_small_report_is_whole_and_timed() -> None:
    files, watch, size_bytes = measure(24, 16)
    assert {OVERVIEW, GALLERY, GALLERY_DATA} <= set(files)
    # A picture of every pair, of six queries and of 24 references.
    assert sum(path.startswith("thumbnails/") for path in files) == 24 + 6 + 24
    assert set(watch.seconds) == {"disagreement", "nearest pairs", "thumbnails", "pages", "ZIP"}
    assert all(seconds >= 0 for seconds in watch.seconds.values())
    assert sum(len(data) for path, data in files.items() if path.endswith(".jpg")) < size_bytes
    again, _, same_size = measure(24, 16)
    assert (again, same_size) == (files, size_bytes)
