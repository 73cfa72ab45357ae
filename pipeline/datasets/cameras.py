"""Datasets whose images several cameras took, for finding again what another camera saw."""

from dataclasses import dataclass

from pipeline.datasets.records import DatasetIndex


@dataclass(frozen=True)
class ImageView:
    """How a test image came about, and what it is for.

    Attributes:
        image_id: of the image.
        camera: number of the camera.
        is_query: it is looked for; else it is in the gallery that is searched.
    """

    image_id: str
    camera: int
    is_query: bool


@dataclass(frozen=True)
class CameraIndex(DatasetIndex):
    """A dataset with cameras without its pixels.

    Attributes:
        views: one per test image, sorted by its id.
    """

    views: tuple[ImageView, ...] = ()
