"""RISE with one and with five references of a query."""

import torch

from benchmarks.peers import original_rise, papers_procedure
from benchmarks.peers.comparison import BARE, PLAIN, Comparison, Contender, Goal
from benchmarks.peers.installed import is_installed
from benchmarks.peers.workbench import Workbench
from benchmarks.perturbation_speed import REFERENCES
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise

ONE, FIVE, FIVE_BFLOAT16 = "ours", "ours, five references", "ours, bfloat16, five references"
# Whether the authors' masks are made anew for each pair is not described; the goal takes what favours them.
PAPERS, PAPERS_KEPT = "authors' procedure", "authors' procedure, masks made before"
PAPERS_FIVE = f"{PAPERS_KEPT}, five references"
GOALS = (
    Goal("RISE, ours / bare passes", lambda seconds: seconds[ONE] / seconds[BARE], 1.10),
    Goal("RISE, ours, five references / one", lambda seconds: seconds[FIVE] / seconds[ONE], 1.05),
    Goal(
        "RISE, five references, authors' procedure / ours",
        lambda seconds: seconds[PAPERS_FIVE] / seconds[FIVE],
        25,
        is_upper=False,
    ),
    Goal(
        "RISE, five references, authors' procedure / ours in bfloat16",
        lambda seconds: seconds[PAPERS_FIVE] / seconds[FIVE_BFLOAT16],
        25,
        is_upper=False,
    ),
)


def compare_rise(bench: Workbench, masks: int) -> Comparison:
    """Return the contenders; all are compared with `masks` bare passes, those of five references as well."""
    contenders = [
        Contender(BARE, lambda: bench.run_bare(masks), masks),
        Contender(PLAIN, lambda: bench.run_plain(masks), masks),
        *_ours(bench, masks),
        *_original(bench, masks),
        *_papers(bench, masks),
        *_xaitk(bench, masks),
        *_distance_explainer(bench, masks),
    ]
    return Comparison("RISE", tuple(contenders), GOALS)


def _ours(bench: Workbench, masks: int) -> list[Contender]:
    spec, size_px = RiseSpec(masks=masks), bench.case.size_px
    exact = build_rise(spec, bench.scorer, size_px)
    rounded = build_rise(spec, bench.with_precision("bfloat16"), size_px)
    one, five = [bench.request(1)], [bench.request(REFERENCES)]
    return [
        Contender(ONE, lambda: exact(one), masks),
        Contender(FIVE, lambda: exact(five), masks),
        Contender("ours, bfloat16", lambda: rounded(one), masks),
        Contender(FIVE_BFLOAT16, lambda: rounded(five), masks),
        Contender("ours, building the generator, once", lambda: build_rise(spec, bench.scorer, size_px), masks),
    ]


def _original(bench: Workbench, masks: int) -> list[Contender]:
    kept, batch, query_chw = original_rise.make_masks(masks, bench.case.size_px), bench.case.batch, bench.query_chw

    def score(images_nchw: torch.Tensor) -> torch.Tensor:
        return bench.similarities(images_nchw)[:, 0]

    def make_masks_and_explain() -> None:
        original_rise.explain(query_chw, original_rise.make_masks(masks, bench.case.size_px), score, batch)

    return [
        Contender("original RISE", make_masks_and_explain, masks),
        Contender(
            "original RISE, masks made before", lambda: original_rise.explain(query_chw, kept, score, batch), masks
        ),
    ]


def _papers(bench: Workbench, masks: int) -> list[Contender]:
    kept, query_chw = original_rise.make_masks(masks, bench.case.size_px), bench.query_chw
    references_kchw = bench.reference_images_kchw

    def explain(references: int, are_masks_new: bool) -> None:
        for reference_chw in references_kchw[:references]:
            used = original_rise.make_masks(masks, bench.case.size_px) if are_masks_new else kept
            papers_procedure.rise(bench.plain, query_chw, reference_chw, used, bench.case.batch)

    return [
        Contender(PAPERS, lambda: explain(1, are_masks_new=True), masks),
        Contender(PAPERS_KEPT, lambda: explain(1, are_masks_new=False), masks),
        Contender(PAPERS_FIVE, lambda: explain(REFERENCES, are_masks_new=False), masks),
    ]


def _xaitk(bench: Workbench, masks: int) -> list[Contender]:
    if not is_installed("xaitk_saliency"):
        return []
    from benchmarks.peers import with_xaitk

    return [
        Contender("xaitk-saliency RISEStack", lambda: with_xaitk.rise(bench, masks, 1), masks),
        Contender(
            "xaitk-saliency RISEStack, five references", lambda: with_xaitk.rise(bench, masks, REFERENCES), masks
        ),
        Contender(
            "xaitk-saliency RISEGrid, SimilarityScoring", lambda: with_xaitk.rise_by_similarity(bench, masks, 1), masks
        ),
    ]


def _distance_explainer(bench: Workbench, masks: int) -> list[Contender]:
    if not is_installed("distance_explainer"):
        return []
    from benchmarks.peers import with_distance_explainer

    def explain(references: int) -> None:
        for number in range(references):
            with_distance_explainer.explain(bench, masks, number)

    return [
        Contender("distance-explainer", lambda: explain(1), masks),
        Contender("distance-explainer, five references", lambda: explain(REFERENCES), masks),
    ]
