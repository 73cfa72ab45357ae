"""Seconds of the generators that take gradients, where a configuration asks for them. Imports torch."""

from functools import partial

import numpy as np

from flows.costs.calibration import asked_gradients
from flows.costs.stopwatch import Stopwatch
from flows.settings.configuration import Settings
from pipeline.saliency.build import build_generator
from pipeline.saliency.catalogue import FIXED
from pipeline.saliency.contract import SaliencyRequest
from pipeline.similarity.scorer import SimilarityScorer

MASK = "mask"
# A mask's preparation counts in both, and not in their difference.
FEW_ITERATIONS, MORE_ITERATIONS = 2, 5
# Of a forward pass: what an iteration takes, about, to choose how many pairs can be timed.
ITERATION_PER_FORWARD = 4


def measure_gradients(
    settings: Settings, scorer: SimilarityScorer, pixels_nhwc: np.ndarray, image: float, stopwatch: Stopwatch
) -> tuple[float, float]:
    """Return seconds of an image of a step of Mask, and of a query of a generator that looks at a layer.

    A generator that is not asked for is not measured, and takes 0.

    Args:
        settings: of the run.
        scorer: its network.
        pixels_nhwc: made-up images.
        image: seconds of a forward pass.
        stopwatch: its budget limits how many pairs are timed.
    """
    asked = asked_gradients(settings)
    mask_image = _mask_image(settings, scorer, pixels_nhwc, image, stopwatch) if MASK in asked else 0.0
    by_layer = [name for name in asked if name != MASK]
    queries = [_query_of_layer(settings, name, scorer, pixels_nhwc, stopwatch) for name in by_layer]
    return mask_image, max(queries, default=0.0)


def _mask_image(
    settings: Settings, scorer: SimilarityScorer, pixels_nhwc: np.ndarray, image: float, stopwatch: Stopwatch
) -> float:
    spec = settings.saliency.mask.spec(FIXED, supervises=False)
    affordable = int(stopwatch.budget / (ITERATION_PER_FORWARD * MORE_ITERATIONS * max(image, 1e-9)))
    pairs = max(1, min(spec["pairs_per_batch"], affordable))
    embedding_1d = scorer.embed(pixels_nhwc[:1])
    references = np.resize(embedding_1d, (pairs, embedding_1d.shape[1]))
    names = tuple(f"reference {number}" for number in range(pairs))
    request = SaliencyRequest("query", pixels_nhwc[0], references, None, names)
    few, more = (
        build_generator(MASK, FIXED, {**spec, "iterations": count}, 0, scorer, pixels_nhwc.shape[1])
        for count in (FEW_ITERATIONS, MORE_ITERATIONS)
    )
    long, short = (stopwatch.median(partial(one, [request])) for one in (more, few))
    # Noise may leave no difference; then the preparation counts as well, rather than nothing.
    iterations = MORE_ITERATIONS - FEW_ITERATIONS if long > short else MORE_ITERATIONS
    seconds: float = (long - short if long > short else long) / (pairs * iterations)
    return seconds


def _query_of_layer(
    settings: Settings, name: str, scorer: SimilarityScorer, pixels_nhwc: np.ndarray, stopwatch: Stopwatch
) -> float:
    section = settings.saliency.section(name)
    assert section is not None, f"{name} has no section"
    mode = section.modes[0]
    generator = build_generator(name, mode, section.spec(mode, supervises=False), 0, scorer, pixels_nhwc.shape[1])
    chosen = pixels_nhwc[np.arange(settings.pairs.references) % len(pixels_nhwc)]
    references_kd = scorer.embed(chosen)
    # Two negatives are what the quadruplet takes; others look at fewer.
    negatives_kmd = np.repeat(references_kd[:, None], 2, axis=1)
    requests = [
        SaliencyRequest(f"query {number}", pixels_hwc, references_kd, negative_embeddings_kmd=negatives_kmd)
        for number, pixels_hwc in enumerate(pixels_nhwc)
    ]
    return stopwatch.median(lambda: generator(requests)) / len(requests)
