"""Images as the report shows them: photographs in their own shape where their files are still there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from flows.readers.image_lookup import PixelLookup
from pipeline.datasets.fitting import lost_by_cropping
from pipeline.datasets.folder_files import contained_path
from pipeline.datasets.own_shape import pixels_in_own_shape
from pipeline.datasets.placing import scaled_box, view_box
from pipeline.datasets.records import PixelSource
from pipeline.errors import BadDataset, BadImage
from pipeline.report.evidence import FittingFacts
from pipeline.report.overlays import SHOWN_SIZE_PX
from pipeline.report.shown_image import ShownImage

# Of an image's area, or its square's: where a run says of how many images fitting takes, or adds, more.
MUCH = 0.1


@dataclass(frozen=True)
class Photographs:
    """Where photographs lie, and how they became squares.

    Attributes:
        root: the dataset's folder.
        follow_links_to: folders outside it that links may lead into.
        settings: fit, image_size_px, canvas, effective_resolution_px and bit_depth of [dataset].
    """

    root: Path
    follow_links_to: Sequence[Path]
    settings: Mapping[str, Any]


class ShownImages:
    """Images by id; where a photograph's file is not the recorded one, the model's view.

    Args:
        views: the squares that the model sees.
        rows: of the table `images`, of all images that may be shown.
        photographs: None where images are no photographs, and the squares are shown.
        long_side_px: of photographs as they are shown.
    """

    def __init__(
        self,
        views: PixelLookup,
        rows: Sequence[Mapping[str, Any]],
        photographs: Photographs | None = None,
        long_side_px: int = SHOWN_SIZE_PX,
    ) -> None:
        self._views = views
        self._long_side_px = long_side_px
        self._rows = {row["image_id"]: row for row in rows}
        self._photographs = photographs
        self._shown: dict[str, ShownImage] = {}

    def of(self, image_id: str) -> ShownImage:
        """Return an image as it is shown; a photograph has the long side that was asked for."""
        if image_id not in self._shown:
            self._shown[image_id] = self.read(image_id, self._long_side_px)
        return self._shown[image_id]

    def read(self, image_id: str, long_side_px: int) -> ShownImage:
        """Return an image as it is shown, a photograph with this long side, and do not keep it."""
        return self._photograph(image_id, long_side_px) or self._view(image_id)

    def fitting(self) -> FittingFacts | None:
        """Return how all photographs were fitted, and how many of those shown so far could not be read."""
        if self._photographs is None:
            return None
        lost = [lost_by_cropping(row["width_px"], row["height_px"]) for row in self._rows.values()]
        unread = sum(image.is_substitute for image in self._shown.values())
        changed = sum(share > MUCH for share in lost)
        return FittingFacts(self._photographs.settings["fit"], len(lost), changed, len(self._shown), unread)

    def _photograph(self, image_id: str, long_side_px: int) -> ShownImage | None:
        if self._photographs is None:
            return None
        return read_photograph(self._rows[image_id], self._photographs, long_side_px)

    def _view(self, image_id: str) -> ShownImage:
        return ShownImage(self._views.of(image_id), is_substitute=self._photographs is not None)


def read_photograph(row: Mapping[str, Any], photographs: Photographs, long_side_px: int) -> ShownImage | None:
    """Return the photograph of a row of `images`; None where its file is gone, changed, or cannot be read any more."""
    settings = photographs.settings
    try:
        path = contained_path(photographs.root, row["path"], photographs.follow_links_to)
        data = path.read_bytes()
        if sha256(data).hexdigest() != row["sha256"]:
            return None
        return shown_photograph(PixelSource(row["image_id"], data, str(path)), settings, long_side_px)
    except (OSError, BadDataset, BadImage):
        return None


def shown_photograph(source: PixelSource, settings: Mapping[str, Any], long_side_px: int = SHOWN_SIZE_PX) -> ShownImage:
    """Return an image file as it is shown.

    Args:
        source: the image with its file's bytes.
        settings: see `Photographs`.
        long_side_px: of the result.

    Raises:
        BadImage: see `pipeline.datasets.image_decoding.decode_image`.
    """
    pixels_hwc, image_px = pixels_in_own_shape(source, settings, long_side_px)
    box = view_box(settings["fit"], image_px, settings["image_size_px"], settings["effective_resolution_px"])
    shown_px = (pixels_hwc.shape[1], pixels_hwc.shape[0])
    return ShownImage(pixels_hwc, scaled_box(box, image_px, shown_px))
