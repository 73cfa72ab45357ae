"""The causes of pairs of rendered items, and where they are in both images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import read_pair_frame
from flows.readers.true_effects import read_effect_flags, read_truth
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.spec import PlantedSpec


def read_causes(upstream: Upstream) -> dict[str, list[str]]:
    """Return the causes of each test pair, largest effect first: in both images, with an effect above the floor."""
    frame = read_pair_frame(upstream, "test")
    truth = read_truth(upstream, frame)
    shared_pa = truth.present_pa & read_effect_flags(upstream, frame, "in_reference")
    found = {}
    for pair_id, effects_a, shared_a in zip(frame.pair_ids, truth.delta_pa, shared_pa, strict=True):
        causes = [a for a in np.argsort(-effects_a, kind="stable") if shared_a[a] and effects_a[a] > truth.floor]
        found[pair_id] = [frame.attribute_names[a] for a in causes]
    return found


class CauseRegions:
    """Where attributes are in rendered items; each is rendered once."""

    def __init__(self, spec: PlantedSpec) -> None:
        self._spec = spec
        self._found: dict[tuple[str, str], np.ndarray] = {}

    def of(self, pair: Mapping[str, Any], attribute: str) -> tuple[np.ndarray, np.ndarray]:
        """Return bool (y, x) in the pair's query and in its reference."""
        return self._in(pair["query"], attribute), self._in(pair["reference"], attribute)

    def _in(self, image: str, attribute: str) -> np.ndarray:
        if (image, attribute) not in self._found:
            self._found[image, attribute] = changed_region(self._spec, image, attribute)
        return self._found[image, attribute]
