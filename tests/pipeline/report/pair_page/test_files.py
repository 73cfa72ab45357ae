"""Paths, archives, image files and assets of pages."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from pipeline.datasets.fitting import CoveredBox
from pipeline.report.pair_page import archive, assets, paths
from pipeline.report.pair_page.archive import pack_files
from pipeline.report.pair_page.assets import (
    pair_assets_digest,
    pair_page_assets,
    pair_page_text,
    pair_template_digest,
)
from pipeline.report.pair_page.photographs import jpeg_file, png_file, small, view_in_place
from pipeline.report.template_files import style_sheet
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.pair_page.page_cases import HOSTILE


@pytest.mark.parametrize("image_id", ["a", HOSTILE, "../../etc/passwd", "C:\\x", "\udcff"])
def test_a_path_is_made_of_a_digest_whatever_the_id(image_id: str) -> None:
    for is_photograph in (True, False):
        for path in (paths.image_path(image_id, is_photograph), paths.small_image_path(image_id, is_photograph)):
            assert re.fullmatch(r"images/[0-9a-f]{16}(-small)?\.(jpg|png)", path)
    assert paths.image_path(image_id, True) != paths.small_image_path(image_id, True)
    assert paths.image_path(image_id, False) == paths.small_image_path(image_id, False)
    assert paths.image_path(image_id, True) != paths.image_path(image_id + "2", True)


def test_the_paths_are_the_contract() -> None:
    assert paths.page_path("0123") == "pairs/0123.html"
    assert paths.map_path("0123", "rise-fixed") == "maps/0123-rise-fixed.png"
    assert paths.image_path("a", True) == "images/ca978112ca1bbdca.jpg"


FILES = {"pairs/b.html": b"<p>" * 1000, "images/a.jpg": bytes(range(256)), "maps/c.png": b"x" * 500}


def assert_archive(tested=archive) -> None:
    packed = tested.pack_files(FILES)
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.namelist() == sorted(FILES)
        assert {name: opened.read(name) for name in opened.namelist()} == FILES
        deflated = {info.filename for info in opened.infolist() if info.compress_type == zipfile.ZIP_DEFLATED}
        assert deflated == {"pairs/b.html"}
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert tested.pack_files(dict(reversed(FILES.items()))) == packed


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("sorted(members)", "members"), ("1980, 1, 1, 0", "1999, 1, 1, 0"), ("path.endswith(_PACKED)", "True")],
)
def test_an_archive_follows_from_its_files_alone(tmp_path, right: str, wrong: str) -> None:
    assert_archive()
    with pytest.raises(AssertionError):
        assert_archive(broken_copy(archive, tmp_path, right, wrong))


def test_an_empty_archive_is_one() -> None:
    with zipfile.ZipFile(io.BytesIO(pack_files({}))) as opened:
        assert opened.namelist() == []


def test_images_keep_shape_and_values() -> None:
    pixels_hwc = np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(png_file(pixels_hwc)))) == pixels_hwc).all()
    assert Image.open(io.BytesIO(jpeg_file(pixels_hwc))).size == (80, 40)
    assert small(pixels_hwc, 20).shape == (10, 20, 3)
    assert small(pixels_hwc, 80) is pixels_hwc


def test_a_view_stands_in_where_it_lies_on_the_photograph() -> None:
    view_hwc = np.full((10, 10, 3), 250, dtype=np.uint8)
    cropped = view_in_place(view_hwc, CoveredBox(20.0, 0.0, 40.0, 40.0), (80, 40))
    assert (cropped[:, 20:60] == 250).all()
    assert (cropped[:, :20] != 250).all()
    padded = view_in_place(view_hwc, CoveredBox(0.0, -20.0, 80.0, 80.0), (80, 40))
    assert (padded == 250).all()


def test_assets_are_where_pages_look_for_them() -> None:
    shared = pair_page_assets()
    assert sorted(shared) == ["assets/pair.css", "assets/pair.js"]
    # Colours and frame are the report's own.
    assert shared["assets/pair.css"].decode() == style_sheet(pair_page_text("pair.css"))
    assert shared["assets/pair.js"].decode() == pair_page_text("pair.js")
    # No page loads anything from outside.
    assert not any(b"://" in data or b"@import" in data for data in shared.values())
    assert re.fullmatch("[0-9a-f]{64}", pair_template_digest())
    assert pair_assets_digest() != pair_template_digest()
    with pytest.raises(FileNotFoundError):
        pair_page_text("none.css")


def test_every_asset_counts_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {pair_assets_digest()}
    for path in pair_page_assets():
        changed = {**pair_page_assets(), path: b"other"}
        monkeypatch.setattr(assets, "pair_page_assets", lambda found=changed: found)
        digests.add(pair_assets_digest())
        monkeypatch.undo()
    assert len(digests) == 3
