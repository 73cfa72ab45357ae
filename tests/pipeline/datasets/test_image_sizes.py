"""Sizes from headers."""

from pathlib import Path

import pytest
from PIL import Image

from pipeline.datasets import image_sizes
from pipeline.datasets.image_sizes import read_image_sizes


def test_sizes_are_those_of_upright_images_and_what_is_no_image_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "wide.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "turned.jpg", exif=turned)
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "empty.png").write_bytes(b"")
    found = read_image_sizes(tmp_path, ["wide.png", "turned.jpg", "text.jpg", "empty.png", "absent.png"])
    assert found.size_px_by_path == {"wide.png": (30, 20), "turned.jpg": (20, 30)}
    assert found.unreadable == ("text.jpg", "empty.png", "absent.png")


def test_what_is_too_large_to_decode_counts_as_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    monkeypatch.setattr(image_sizes, "LARGEST_IMAGE_PIXELS", 599)
    assert read_image_sizes(tmp_path, ["a.png"]).unreadable == ("a.png",)
