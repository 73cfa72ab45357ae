"""The benchmark of large reports: its made-up pairs become a whole report, and its CPU seconds are counted by step."""

import re

from benchmarks.report_size import measure, measure_pages
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


def test_pages_of_pairs_are_whole() -> None:
    files, watch, size_bytes = measure_pages(24, 16, 32)
    pages = {path: data.decode() for path, data in files.items() if path.startswith("pairs/")}
    assert len(pages) == 24
    assert sum(path.startswith("maps/") for path in files) == 24 * 5
    named = {name for text in pages.values() for name in re.findall(r'(?:src|data-source)="\.\./([^"]+)"', text)}
    assert named <= set(files)
    assert set(watch.seconds) == {"pages of pairs", "their ZIP"}
    assert 0 < size_bytes < sum(map(len, files.values())) * 1.2
