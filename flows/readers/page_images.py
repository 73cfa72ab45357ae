"""The image files of a shard of test images that pages of pairs show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs
from flows.readers.shown_images import Photographs, read_photograph
from pipeline.datasets.fitting import CoveredBox
from pipeline.datasets.own_shape import shape_within
from pipeline.datasets.placing import scaled_box, view_box
from pipeline.report.pair_page.paths import image_path, small_image_path
from pipeline.report.pair_page.photographs import (
    PHOTOGRAPH_PX,
    SMALL_PX,
    jpeg_file,
    png_file,
    small,
    view_in_place,
)


@dataclass(frozen=True)
class PageShapes:
    """How large images are on pages, and where the model's view lies on them.

    Attributes:
        settings: of the stage of the pages.
    """

    settings: Mapping[str, Any]

    @property
    def are_photographs(self) -> bool:
        """Whether images are files; else they are rendered, and shown as the model sees them."""
        return "fit" in self.settings

    def of(self, file_px: tuple[int, int], long_side_px: int = PHOTOGRAPH_PX) -> tuple[tuple[int, int], CoveredBox]:
        """Return width and height of an image on a page, and the model's view in px of it.

        Args:
            file_px: width and height of its file.
            long_side_px: of a photograph, at most.
        """
        view_px = int(self.settings["image_size_px"])
        if not self.are_photographs:
            return (view_px, view_px), CoveredBox(0.0, 0.0, float(view_px), float(view_px))
        # A small photograph is not made larger: the browser does that.
        shown_px = shape_within(file_px, min(long_side_px, max(file_px)))
        box = view_box(self.settings["fit"], file_px, view_px, self.settings["effective_resolution_px"])
        return shown_px, scaled_box(box, file_px, shown_px)


def page_images(inputs: JobInputs) -> dict[str, bytes]:
    """Return the files of a shard's images by path: those of pairs large, all of them small."""
    upstream, settings, work = inputs.upstream, inputs.settings, inputs.work
    shapes, large = PageShapes(settings), set(work["large"])
    commit = upstream.commit_of("images", work["images_shard"])
    pixels_nhwc = upstream.store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"]
    columns = ["image_id", "path", "sha256", "width_px", "height_px"]
    rows = upstream.store.read_part_table(commit, "images", columns).to_pylist()
    if not shapes.are_photographs:
        return {image_path(row["image_id"], False): png_file(pixels_nhwc[n]) for n, row in enumerate(rows)}
    photographs = Photographs(
        Path(str(inputs.task.paths["dataset_root"])), [Path(folder) for folder in work["links"]], settings
    )
    files = {}
    for number, row in enumerate(rows):
        is_large = row["image_id"] in large
        shown_hwc = _photograph(row, pixels_nhwc[number], photographs, PHOTOGRAPH_PX if is_large else SMALL_PX)
        files[small_image_path(row["image_id"], True)] = jpeg_file(small(shown_hwc, SMALL_PX))
        if is_large:
            files[image_path(row["image_id"], True)] = jpeg_file(shown_hwc)
    return files


def _photograph(
    row: Mapping[str, Any], view_hwc: np.ndarray, photographs: Photographs, long_side_px: int
) -> np.ndarray:
    """Return a photograph of at most this long side; where its file is gone or changed, the model's view instead."""
    shown_px, box = PageShapes(photographs.settings).of((row["width_px"], row["height_px"]), long_side_px)
    read = read_photograph(row, photographs, max(shown_px))
    return view_in_place(view_hwc, box, shown_px) if read is None else read.pixels_hwc


def image_facts(facts: Sequence[Any]) -> tuple[str, tuple[int, int]]:
    """Return label and size of an image as the cut of the stage wrote them."""
    label, width, height = facts
    return str(label), (int(width), int(height))
