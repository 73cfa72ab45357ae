"""Mask, many pairs at once against one by one; and Grad-CAM, five references of several queries."""

import copy
from dataclasses import replace

import torch

from benchmarks.peers import papers_procedure
from benchmarks.peers.comparison import BARE, Comparison, Contender, Goal
from benchmarks.peers.installed import is_installed
from benchmarks.peers.workbench import Workbench
from benchmarks.perturbation_speed import REFERENCES
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.grad_cam.declaration import GradCamSpec
from pipeline.saliency.grad_cam.maps import build_grad_cam
from pipeline.saliency.learned_mask.declaration import MaskSpec
from pipeline.saliency.learned_mask.maps import build_learned_mask
from pipeline.similarity.scorer import SimilarityScorer

FORWARD_AND_BACKWARD = "bare passes forward and backward, folded, channels last"
ONE, PAPERS = "ours, pairs as one batch", "authors' procedure, pairs one by one"
GRAD_CAM_QUERIES = 8


def compare_mask(bench: Workbench, pairs: int, pairs_alone: int, iterations: int) -> Comparison:
    """Return the contenders; each is compared with a pass forward and backward per pair and iteration.

    Set-up, such as blurring, is included, and counts more than in 500 iterations.
    """
    scorer = SimilarityScorer(copy.deepcopy(bench.scorer.network), "cpu", "float32", pairs)
    ours = build_learned_mask(MaskSpec(iterations, pairs_per_batch=pairs), "fixed", scorer)
    request = _request_of_pairs(bench, pairs)
    plain = copy.deepcopy(bench.plain).requires_grad_(False)
    references_kchw = bench.reference_images_kchw

    def one_by_one() -> None:
        for pair in range(pairs_alone):
            papers_procedure.mask(plain, bench.pixels_khwc[0], references_kchw[pair % REFERENCES], iterations)

    contenders = (
        Contender(FORWARD_AND_BACKWARD, lambda: _run_backward(scorer, bench, pairs, iterations), pairs * iterations),
        Contender(ONE, lambda: ours([request]), pairs * iterations),
        Contender(PAPERS, one_by_one, pairs_alone * iterations),
    )
    goals = (
        Goal("Mask, ours / bare passes", lambda seconds: seconds[ONE] / seconds[FORWARD_AND_BACKWARD], 2.2),
        Goal("Mask, authors' procedure / ours, a pair", lambda seconds: seconds[PAPERS] / seconds[ONE], 5, False),
    )
    return Comparison(f"Mask, {pairs} pairs, {iterations} iterations", contenders, goals)


def compare_grad_cam(bench: Workbench) -> Comparison:
    """Return the contenders; each is compared with a bare forward pass per map."""
    ours = build_grad_cam(GradCamSpec(), bench.scorer, bench.case.size_px)
    requests = [replace(bench.request(REFERENCES), query_id=str(number)) for number in range(GRAD_CAM_QUERIES)]
    maps = GRAD_CAM_QUERIES * REFERENCES
    contenders = [
        Contender(BARE, lambda: bench.run_bare(maps), maps),
        Contender("ours", lambda: ours(requests), maps),
    ]
    if is_installed("pytorch_grad_cam"):
        from benchmarks.peers.with_grad_cam import GradCamOfPairs

        peer = GradCamOfPairs(bench)
        contenders.append(Contender("grad-cam GradCAM", lambda: peer.maps(GRAD_CAM_QUERIES, REFERENCES), maps))
    return Comparison(f"Grad-CAM, {REFERENCES} references of {GRAD_CAM_QUERIES} queries", tuple(contenders))


def _request_of_pairs(bench: Workbench, pairs: int) -> SaliencyRequest:
    rows = [number % REFERENCES for number in range(pairs)]
    ids = tuple(str(number) for number in range(pairs))
    return SaliencyRequest("query", bench.pixels_khwc[0], bench.references_kd[rows], None, ids)


def _run_backward(scorer: SimilarityScorer, bench: Workbench, pairs: int, iterations: int) -> None:
    size_px = bench.case.size_px
    images = torch.randn(pairs, 3, size_px, size_px).contiguous(memory_format=torch.channels_last)
    for _ in range(iterations):
        leaf = images.detach().requires_grad_()
        torch.autograd.grad(scorer.network(leaf).sum(), leaf)
