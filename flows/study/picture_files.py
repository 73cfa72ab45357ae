"""Images and maps of a study as JPEG files, each written once under a name that tells nothing of it."""

import hashlib
import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from flows.study.run_items import StudiedRun
from pipeline.datasets.own_shape import shape_within
from pipeline.report.overlays import SHOWN_SIZE_PX, overlay

LONG_SIDE_PX: Final = max(SHOWN_SIZE_PX, 320)
_QUALITY: Final = 90
_GREY: Final = np.array([0.299, 0.587, 0.114])


class PictureFiles:
    """The pictures of one run.

    Args:
        run: finished.
        generator: of the maps.
        mode: of the generator.
    """

    def __init__(self, run: StudiedRun, generator: str, mode: str) -> None:
        self._run, self._generator, self._mode = run, generator, mode
        self._names: dict[tuple[str, str], str] = {}
        self.files: dict[str, bytes] = {}
        self.flat_maps = 0

    def photograph(self, image_id: str) -> str:
        """Return the file of an image."""
        if ("photograph", image_id) not in self._names:
            pixels_hwc = self._run.results.shown_image(image_id).pixels_hwc
            size = shape_within((pixels_hwc.shape[1], pixels_hwc.shape[0]), LONG_SIDE_PX)
            self._names["photograph", image_id] = self._keep(Image.fromarray(pixels_hwc).resize(size))
        return self._names["photograph", image_id]

    def map_over(self, pair_id: str) -> str:
        """Return the file of a pair's query under its map; in grey alone where the map is flat."""
        if ("map", pair_id) not in self._names:
            image = self._run.results.shown_image(self._run.results.pair(pair_id)["query"])
            map_hw = self._run.results.map(pair_id, self._generator, self._mode)
            shown_hwc = overlay(image, map_hw, LONG_SIDE_PX)
            if shown_hwc is None:
                self.flat_maps += 1
                shown_hwc = _grey(image.pixels_hwc)
            self._names["map", pair_id] = self._keep(Image.fromarray(shown_hwc))
        return self._names["map", pair_id]

    def _keep(self, picture: Image.Image) -> str:
        buffer = io.BytesIO()
        picture.save(buffer, format="JPEG", quality=_QUALITY, subsampling=0)
        name = f"images/{hashlib.sha256(buffer.getvalue()).hexdigest()[:16]}.jpg"
        self.files[name] = buffer.getvalue()
        return name


def _grey(pixels_hwc: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    grey_hw = np.rint(pixels_hwc.astype(np.float64) @ _GREY).astype(np.uint8)
    return np.repeat(grey_hw[..., None], 3, axis=2)
