"""The two images that are explained: by id from the dataset, or from any file, prepared as the dataset's images are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.explain.named_image import ImageFile, NamedImage
from flows.explain.results import StoredResults
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.shown_images import Photographs, ShownImages, shown_photograph
from flows.stages.report import PHOTOGRAPHS
from pipeline.datasets.image_decoding import make_pixels
from pipeline.datasets.records import PixelSource
from pipeline.errors import BadImage
from pipeline.report.pair_page.photographs import PHOTOGRAPH_PX
from pipeline.report.shown_image import ShownImage
from stores.digests import digest_array


@dataclass(frozen=True)
class PairImage:
    """One of the two images.

    Attributes:
        name: as it was asked for.
        key: keys random draws: the image's id, or for a file the digest of its pixels.
        split: that holds it; None for a file.
        type: its label in the dataset (class or item type); empty for a file.
        labelled_a: bool (attribute,), what it is labelled with; nothing for a file.
        pixels_hwc: uint8 (y, x, 3), as the model sees it.
        shown: as people see it.
        embedding_d: float32 (D,) unit-norm general embedding as stored; None for a file.
    """

    name: str
    key: str
    split: str | None
    type: str
    labelled_a: np.ndarray
    pixels_hwc: np.ndarray
    shown: ShownImage
    embedding_d: np.ndarray | None


def read_image(results: StoredResults, named: NamedImage) -> PairImage:
    """Return an image of the dataset as the run keeps it, or a file prepared likewise.

    Raises:
        BadImage: the file cannot be read.
        StoreError: the store cannot be read.
    """
    if isinstance(named, ImageFile):
        return _of_file(results, named.name, named.path)
    return _of_dataset(results, named.split, named.row)


def _of_dataset(results: StoredResults, split: str, row: Mapping[str, Any]) -> PairImage:
    upstream, image_id = results.upstream, row["image_id"]
    pixels = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", split))
    shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", split)
    dataset, photographs = results.settings.dataset, None
    if dataset.declared.has_photographs and dataset.root is not None:
        photographs = Photographs(dataset.root, dataset.follow_links_to, _photograph_settings(results))
    has = set(row["attributes"])
    return PairImage(
        image_id,
        image_id,
        split,
        row["label"],
        np.array([name in has for name in results.attribute_names]),
        pixels.of(image_id),
        ShownImages(pixels, [row], photographs, PHOTOGRAPH_PX).of(image_id),
        EmbeddingLookup(upstream, shards).of([image_id])[0],
    )


def _of_file(results: StoredResults, name: str, path: Path) -> PairImage:
    settings = _photograph_settings(results)
    try:
        source = PixelSource(path.name, path.read_bytes(), str(path))
    except OSError as error:
        raise BadImage(
            expected="an image file that can be read",
            found=error.strerror or str(error),
            where=str(path),
            remedy="make it readable, or name another",
        ) from error
    pixels_hwc, _ = make_pixels(source, settings)
    key = "file:" + digest_array(pixels_hwc)
    nothing_a = np.zeros(len(results.attribute_names), dtype=bool)
    return PairImage(
        name, key, None, "", nothing_a, pixels_hwc, shown_photograph(source, settings, PHOTOGRAPH_PX), None
    )


def _photograph_settings(results: StoredResults) -> dict[str, Any]:
    """Return what decides how a file becomes pixels, of whatever kind the dataset is."""
    return {key: getattr(results.settings.dataset, key) for key in PHOTOGRAPHS}
