"""Discovered attributes with what shows what they are: images that have them, patches, the closest label."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.image_lookup import PixelLookup
from pipeline.discovery.crops import box_around, crop_side_px, full_size_patch
from pipeline.discovery.groups import DiscoveredGroup
from pipeline.discovery.naming import ClosestLabel, closest_labels
from pipeline.discovery.no_label import NO_LABEL

STAGE = "discovered_attributes"
SHOWN_PATCHES = 8
# Peaks are kept as shares of the image; on so fine a grid each has a cell of its own.
_FINE_CELLS = 1024


def read_groups(upstream: Upstream, names: Mapping[str, str], crop_share: float | None = None) -> list[DiscoveredGroup]:
    """Return the discovered attributes in order; none where nothing was discovered.

    Args:
        upstream: holds the stage, the images and, for labels to compare with, the images as the dataset has them.
        names: given by hand, by attribute.
        crop_share: side of the patches, as a share of the image's; methods that look at no place show whole images.
            They are of test images, one an image, nearest to the group's centre first. None: no patches.
    """
    if STAGE not in upstream.manifests:
        return []
    clusters = upstream.rows(STAGE, "clusters")
    attributes = [row["attribute"] for row in clusters]
    closest, labels = _closest(upstream, attributes)
    patches = {} if crop_share is None else _patches(upstream, crop_share)
    return [
        DiscoveredGroup(
            row["attribute"],
            names.get(row["attribute"]),
            row["train_images"] + row["valid_images"] + row["test_images"],
            None if near is None else labels[near.label],
            None if near is None else near.f1,
            tuple(patches.get(row["attribute"], ())),
        )
        for row, near in zip(clusters, closest, strict=True)
    ]


def _closest(upstream: Upstream, attributes: list[str]) -> tuple[list[ClosestLabel | None], list[str]]:
    """Return the label that each attribute agrees with most over all images, and the labels' names."""
    source = "unlabelled_images" if "unlabelled_images" in upstream.manifests else "images"
    images = upstream.rows(source, "images")
    labels = sorted({name for row in images for name in row["attributes"]} - {NO_LABEL})
    found = {(row["split"], row["image_id"]): set(row["attributes"]) for row in upstream.rows(STAGE, "labels")}
    has = [found.get((row["split"], row["image_id"]), set()) for row in images]
    found_nk = np.array([[one in own for one in attributes] for own in has], dtype=bool)
    labels_na = np.array([[one in row["attributes"] for one in labels] for row in images], dtype=bool)
    return closest_labels(found_nk, labels_na.reshape(len(images), len(labels))), labels


def _patches(upstream: Upstream, crop_share: float) -> dict[str, list[np.ndarray]]:
    """Return up to eight patches of test images for each attribute."""
    pixels = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for row in _candidates(upstream):
        key = row["attribute"], row["image_id"]
        if key not in seen and len(found[row["attribute"]]) < SHOWN_PATCHES:
            seen.add(key)
            found[row["attribute"]].append(_patch(pixels.of(row["image_id"]), row, crop_share))
    return found


def _candidates(upstream: Upstream) -> list[dict[str, Any]]:
    """Return members of the test split, nearest first; where images have no vectors, the images that have each."""
    members = [row for row in upstream.rows(STAGE, "members") if row["split"] == "test"]
    if members:
        return sorted(members, key=lambda row: (row["distance"], row["image_id"]))
    return [
        {"attribute": attribute, "image_id": row["image_id"], "peak_y": None, "peak_x": None}
        for row in upstream.rows(STAGE, "labels")
        if row["split"] == "test"
        for attribute in row["attributes"]
    ]


def _patch(pixels_hwc: np.ndarray, row: Mapping[str, Any], crop_share: float) -> np.ndarray:
    if row["peak_y"] is None:
        return pixels_hwc
    size = len(pixels_hwc)
    y, x = (min(int(row[name] * _FINE_CELLS), _FINE_CELLS - 1) for name in ("peak_y", "peak_x"))
    box = box_around(y * _FINE_CELLS + x, _FINE_CELLS, size, crop_side_px(size, crop_share))
    return full_size_patch(pixels_hwc, box)
