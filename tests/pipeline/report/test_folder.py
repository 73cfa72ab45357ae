"""The report's files: what there is, which of them the pages name, and equal bytes."""

import dataclasses
import re

import pytest

from pipeline.report.archive import packed
from pipeline.report.file_names import (
    EVIDENCE,
    EVIDENCE_SCRIPT,
    GALLERY,
    GALLERY_DATA,
    GALLERY_SCRIPT,
    LIST_SCRIPT,
    OVERVIEW,
    PAGED_PAIRS,
    STYLES,
)
from pipeline.report.folder import report_files
from pipeline.report.thumbnails import image_thumbnail_path, query_thumbnail_path
from tests.pipeline.report.report_cases import make_choice, make_evidence, make_pair_table


def made():
    pairs = make_pair_table(12)
    evidence = dataclasses.replace(
        make_evidence(n_pairs=2), pair_table=pairs, answers=list(pairs.answers), answer_choice=make_choice()
    )
    thumbnails = {query_thumbnail_path(pair_id): b"x" for pair_id in pairs.pair_ids}
    thumbnails |= {image_thumbnail_path(name): b"y" for name in (*pairs.queries, *pairs.references)}
    return report_files(evidence, thumbnails, [None] * 12)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return made()


def test_pages_assets_data_and_pictures_are_there(files) -> None:
    named = {OVERVIEW, GALLERY, EVIDENCE, EVIDENCE_SCRIPT, STYLES, GALLERY_DATA, GALLERY_SCRIPT, LIST_SCRIPT}
    assert {path for path in files if not path.startswith("thumbnails/")} == named
    assert len(files) == len(named) + 12 + 3 + 12


@pytest.mark.parametrize("name", [OVERVIEW, GALLERY, EVIDENCE])
def test_all_that_a_page_loads_or_links_is_there(files, name: str) -> None:
    page = files[name].decode()
    given = re.findall(r'(?:src|href)="([^"]+)"', page)
    others = {value.partition("#")[0] for value in given if not value.startswith(("data:", "#"))} - {PAGED_PAIRS}
    assert {OVERVIEW, GALLERY, EVIDENCE, STYLES} <= others <= set(files)
    assert "<style" not in page


def test_equal_evidence_gives_equal_bytes(files) -> None:
    assert packed(made()) == packed(files)


def test_without_pairs_there_is_no_gallery() -> None:
    plain = report_files(make_evidence(n_pairs=0), {}, [])
    assert set(plain) == {OVERVIEW, EVIDENCE, EVIDENCE_SCRIPT, STYLES}
