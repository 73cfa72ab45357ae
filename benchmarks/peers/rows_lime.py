"""LIME: 1,000 samples of the same superpixels, segmentation and regression included."""

import numpy as np

from benchmarks.peers.comparison import BARE, PLAIN, Comparison, Contender, Goal
from benchmarks.peers.installed import is_installed
from benchmarks.peers.workbench import Workbench
from benchmarks.perturbation_speed import REFERENCES
from pipeline.saliency.lime.declaration import LimeSpec, SuperpixelSpec
from pipeline.saliency.lime.maps import build_lime
from pipeline.saliency.lime.superpixels import find_superpixels

ONE = "ours"
# At 64 px the default kernel finds so few superpixels that most samples repeat, and ours would pass few of them.
KERNELS = {112: 4.0}
FINE_KERNEL = 2.0


def superpixel_spec(size_px: int) -> SuperpixelSpec:
    """Return how images of a size are divided."""
    return SuperpixelSpec(kernel_size=KERNELS.get(size_px, FINE_KERNEL))


def segment(pixels_hwc: np.ndarray) -> np.ndarray:
    """Return the superpixels (y, x) that all contenders get."""
    return find_superpixels(pixels_hwc, superpixel_spec(len(pixels_hwc)))


def compare_lime(bench: Workbench, samples: int) -> Comparison:
    """Return the contenders; all are compared with `samples` bare passes."""
    superpixels = superpixel_spec(bench.case.size_px)
    lasso = build_lime(LimeSpec(samples, superpixels=superpixels), bench.scorer)
    ridge = build_lime(LimeSpec(samples, superpixels=superpixels, regression="ridge"), bench.scorer)
    one, five = [bench.request(1)], [bench.request(REFERENCES)]
    contenders = [
        Contender(BARE, lambda: bench.run_bare(samples), samples),
        Contender(PLAIN, lambda: bench.run_plain(samples), samples),
        Contender(ONE, lambda: lasso(one), samples),
        Contender("ours, five references", lambda: lasso(five), samples),
        Contender("ours, ridge", lambda: ridge(one), samples),
        *_lime(bench, samples),
        *_captum(bench, samples),
    ]
    goal = Goal("LIME, ours / bare passes", lambda seconds: seconds[ONE] / seconds[BARE], 1.30)
    return Comparison("LIME", tuple(contenders), (goal,))


def _lime(bench: Workbench, samples: int) -> list[Contender]:
    if not is_installed("lime"):
        return []
    from benchmarks.peers import with_lime

    return [Contender("lime LimeImageExplainer", lambda: with_lime.explain(bench, segment, samples), samples)]


def _captum(bench: Workbench, samples: int) -> list[Contender]:
    if not is_installed("captum"):
        return []
    from benchmarks.peers import with_captum

    return [
        Contender("captum Lime", lambda: with_captum.lime(bench, segment(bench.pixels_khwc[0]), samples), samples),
    ]
