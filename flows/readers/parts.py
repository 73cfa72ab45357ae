"""Where parts lie in the squares of test images."""

from collections.abc import Mapping
from typing import Any

from flows.engine.upstream import Upstream
from pipeline.datasets.catalogue import located_parts
from pipeline.datasets.parts import PartsInView, parts_in_view


def read_parts_in_view(upstream: Upstream, values: Mapping[str, Any]) -> PartsInView:
    """Return the parts of test images, from a stage's settings `dataset` and `fit`."""
    images, locations = upstream.rows("images", "images", "test"), upstream.rows("part_locations", "part_locations")
    return parts_in_view(images, locations, values["fit"], located_parts(values["dataset"]))
