"""The sliding window of one reference, and mode both of it and of RISE at the full number of passes."""

from collections.abc import Callable, Mapping
from functools import partial

from benchmarks.peers import papers_procedure
from benchmarks.peers.comparison import BARE, PLAIN, Comparison, Contender, Goal
from benchmarks.peers.installed import is_installed
from benchmarks.peers.workbench import Workbench
from benchmarks.perturbation_speed import REFERENCES
from pipeline.saliency.declaration import BOTH, FIXED
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.geometry import PAPERS, UNITS_PER_SIDE, WINDOW_SIDES
from pipeline.saliency.sliding_window.maps import build_sliding_window

ONE = "ours"
MODES = ("sliding window", "RISE")


def window_px(size_px: int) -> int:
    """Return the side of the papers' window."""
    return round(WINDOW_SIDES[PAPERS] / UNITS_PER_SIDE * size_px)


def stride_of(count: Callable[[int], int], wanted: int) -> int:
    """Return the stride in px at which a peer's own geometry comes nearest to a number of windows.

    Args:
        count: windows at a stride.
        wanted: ours.
    """
    return min(range(1, 65), key=lambda stride: abs(count(stride) - wanted))


def captum_windows(size_px: int, stride_px: int) -> int:
    """Return how many windows Captum slides: all begin within the image, and none beyond the last that fits."""
    return int((-(-(size_px - window_px(size_px)) // stride_px) + 1) ** 2)


def xaitk_windows(size_px: int, stride_px: int) -> int:
    """Return how many windows xaitk-saliency slides: their starts go over the whole image."""
    return int((-(-size_px // stride_px)) ** 2)


def compare_sliding_window(bench: Workbench, per_side: int) -> Comparison:
    """Return the contenders; each is compared with as many bare passes as it has windows."""
    windows, size_px = per_side**2, bench.case.size_px
    ours = build_sliding_window(SlidingWindowSpec(windows_per_side=per_side), bench.scorer, size_px)
    one, five = [bench.request(1)], [bench.request(REFERENCES)]
    query_chw, reference_chw = bench.query_chw, bench.reference_images_kchw[0]

    def papers() -> object:
        return papers_procedure.sliding_window(bench.plain, query_chw, reference_chw, per_side, bench.case.batch)

    contenders = [
        Contender(BARE, lambda: bench.run_bare(windows), windows),
        Contender(PLAIN, lambda: bench.run_plain(windows), windows),
        Contender(ONE, lambda: ours(one), windows),
        Contender("ours, five references", lambda: ours(five), windows),
        Contender("authors' procedure", papers, windows),
        *_captum(bench, windows),
        *_xaitk(bench, windows),
    ]
    goal = Goal("sliding window, ours / bare passes", lambda seconds: seconds[ONE] / seconds[BARE], 1.10)
    return Comparison("sliding window", tuple(contenders), (goal,))


def compare_modes(bench: Workbench, masks: int, per_side: int) -> Comparison:
    """Return mode fixed and both of RISE (30 reference masks) and of the sliding window (36), one reference.

    Both modes are compared with the bare passes of mode fixed.
    """
    windows, size_px = SlidingWindowSpec(windows_per_side=per_side), bench.case.size_px
    requests = [bench.request(1)]
    contenders = [Contender(BARE, lambda: bench.run_bare(masks), masks)]
    for mode in (FIXED, BOTH):
        rise = build_rise(RiseSpec(masks=masks), bench.scorer, size_px, mode)
        sliding_window = build_sliding_window(windows, bench.scorer, size_px, mode)
        contenders.append(Contender(f"RISE, {mode}", partial(rise, requests), masks))
        contenders.append(Contender(f"sliding window, {mode}", partial(sliding_window, requests), per_side**2))
    return Comparison("mode both", tuple(contenders), tuple(_both_goal(name) for name in MODES))


def _both_goal(name: str) -> Goal:
    def ratio(seconds: Mapping[str, float]) -> float:
        return seconds[f"{name}, {BOTH}"] / seconds[f"{name}, {FIXED}"]

    return Goal(f"{name}, both / fixed", ratio, 1.10)


def _captum(bench: Workbench, windows: int) -> list[Contender]:
    if not is_installed("captum"):
        return []
    from benchmarks.peers import with_captum

    size_px = bench.case.size_px
    stride = stride_of(lambda stride: captum_windows(size_px, stride), windows)
    return [
        Contender(
            "captum Occlusion",
            lambda: with_captum.occlusion(bench, window_px(size_px), stride),
            captum_windows(size_px, stride),
        )
    ]


def _xaitk(bench: Workbench, windows: int) -> list[Contender]:
    if not is_installed("xaitk_saliency"):
        return []
    from benchmarks.peers import with_xaitk

    size_px = bench.case.size_px
    stride = stride_of(lambda stride: xaitk_windows(size_px, stride), windows)
    return [
        Contender(
            f"xaitk-saliency SlidingWindow, SimilarityScoring{suffix}",
            partial(with_xaitk.occlusion, bench, window_px(size_px), stride, references),
            xaitk_windows(size_px, stride),
        )
        for references, suffix in ((1, ""), (REFERENCES, ", five references"))
    ]
