"""lime's `LimeImageExplainer` of the similarity, in batches of ours, with our superpixels and black for what is off.

Its progress bar cannot be turned off; it goes nowhere while this runs. Several references are several labels and
share their passes.
"""

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from lime.lime_image import LimeImageExplainer

from benchmarks.peers.workbench import Workbench
from pipeline.images import normalise_pixels

Segment = Callable[[np.ndarray], np.ndarray]


class _GivenSamples(np.random.RandomState):
    """Hands out given samples where the explainer draws its own."""

    def __init__(self, is_on_ns: np.ndarray) -> None:
        super().__init__(0)
        self._is_on_ns = is_on_ns

    def randint(self, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        if low == 0 and high == 2 and size == self._is_on_ns.size:
            return self._is_on_ns.ravel().astype(int)
        return super().randint(low, high, size, dtype)


def explain(bench: Workbench, segment: Segment, samples: int, references: int = 1) -> np.ndarray:
    """Return the maps (reference, y, x) by its defaults: features chosen, then ridge of penalty 1."""
    return _explain(LimeImageExplainer(random_state=0), bench, segment, samples, references)


def explain_samples(bench: Workbench, segment: Segment, is_on_ns: np.ndarray) -> np.ndarray:
    """Return the map (1, y, x) of given samples (sample, superpixel), by ridge of all superpixels."""
    explainer = LimeImageExplainer(random_state=_GivenSamples(is_on_ns), feature_selection="none")
    return _explain(explainer, bench, segment, len(is_on_ns), 1)


def _explain(
    explainer: LimeImageExplainer, bench: Workbench, segment: Segment, samples: int, references: int
) -> np.ndarray:
    def scores(pixels_nhwc: np.ndarray) -> np.ndarray:
        return np.asarray(bench.similarities(normalise_pixels(pixels_nhwc).contiguous(), references).numpy())

    with contextlib.redirect_stderr(io.StringIO()):
        explanation = explainer.explain_instance(
            bench.pixels_khwc[0],
            scores,
            labels=tuple(range(references)),
            hide_color=0,
            top_labels=None,
            num_samples=samples,
            batch_size=bench.case.batch,
            segmentation_fn=segment,
            random_seed=0,
        )
    maps = []
    for label in range(references):
        coefficients = np.zeros(int(explanation.segments.max()) + 1)
        for superpixel, coefficient in explanation.local_exp[label]:
            coefficients[superpixel] = coefficient
        maps.append(coefficients[explanation.segments])
    return np.stack(maps)
