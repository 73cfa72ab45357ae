"""Where parts lie in the squares of test images."""

from collections.abc import Mapping
from typing import Any

from flows.engine.upstream import Upstream
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.parts import PartsInView, parts_in_view


def read_parts_in_view(upstream: Upstream, values: Mapping[str, Any]) -> PartsInView:
    """Return the parts of test images, from a stage's settings `dataset` and `fit`."""
    declared = DATASETS[values["dataset"]].parts
    assert declared is not None
    images = upstream.rows("images", "images", "test")
    return parts_in_view(images, upstream.rows("part_locations", "part_locations"), values["fit"], declared)
