"""What there is to know of each saliency generator without making a map: its modes, its needs, its cost in passes.

Imports no torch, so that plans and settings can ask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.saliency.sliding_window.geometry import PAPERS

FIXED, BOTH = "fixed", "both"
ATTENTION_MODES = ("siamese", "triplet", "quadruplet")


@dataclass(frozen=True)
class GeneratorFacts:
    """What a generator is.

    Attributes:
        module: where it is made; its code is part of what its maps depend on.
        modes: fixed manipulates the query only, both the reference as well; attention manipulates nothing, and its
            modes name how feature differences become weights.
        is_white_box: it takes gradients, so it needs a network that has them; the others use `embed` alone.
        knows_the_model: its maps depend on the model; the controls' do not.
        notes: figures that it notes of each map.
        keeps_embeddings: what it does to a query depends on the query alone, so that the embeddings can be kept for
            other references, conditions and modes.
    """

    module: str
    modes: tuple[str, ...]
    is_white_box: bool = False
    knows_the_model: bool = True
    notes: int = 0
    keeps_embeddings: bool = False


GENERATORS: Mapping[str, GeneratorFacts] = {
    "sliding_window": GeneratorFacts("pipeline.saliency.sliding_window.maps", (FIXED, BOTH), keeps_embeddings=True),
    "rise": GeneratorFacts("pipeline.saliency.rise.maps", (FIXED, BOTH), keeps_embeddings=True),
    "lime": GeneratorFacts("pipeline.saliency.lime.maps", (FIXED,), notes=3),
    "mask": GeneratorFacts("pipeline.saliency.learned_mask.maps", (FIXED, BOTH), is_white_box=True, notes=5),
    "random": GeneratorFacts("pipeline.saliency.controls.maps", (FIXED,), knows_the_model=False),
    "centre": GeneratorFacts("pipeline.saliency.controls.maps", (FIXED,), knows_the_model=False),
    "similarity_attention": GeneratorFacts(
        "pipeline.saliency.similarity_attention.maps", ATTENTION_MODES, is_white_box=True, notes=1
    ),
    "grad_cam": GeneratorFacts("pipeline.saliency.grad_cam.maps", (FIXED,), is_white_box=True, notes=1),
}


def black_box_generators() -> list[str]:
    """Return the generators that explain any model by its embeddings alone; the controls explain none."""
    return [name for name, facts in GENERATORS.items() if facts.knows_the_model and not facts.is_white_box]


def needs_reference_pixels(mode: str) -> bool:
    """Return whether requests must bring the references' pixels."""
    return mode == BOTH


def needs_negatives(mode: str) -> bool:
    """Return whether requests must bring embeddings of images that do not match."""
    return negatives_needed(mode) > 0


def negatives_needed(mode: str) -> int:
    """Return how many images that do not match each pair is contrasted with."""
    return {"triplet": 1, "quadruplet": 2}.get(mode, 0)


@dataclass(frozen=True)
class MapPasses:
    """Images through the network for a group of queries.

    Attributes:
        forward: forward passes without gradients.
        gradient: images that go forward and backward.
        is_upper_bound: it may be fewer.
    """

    forward: int
    gradient: int = 0
    is_upper_bound: bool = False


def map_passes(
    generator: str, mode: str, spec: Mapping[str, Any], references_q: Sequence[int], are_kept: bool = False
) -> MapPasses:
    """Return what the maps of a group of queries cost, by formula; a test holds it equal to what is counted.

    Args:
        generator: its name.
        mode: its mode.
        spec: its settings, as the generator gets them.
        references_q: the number of references of each query.
        are_kept: the perturbed queries' embeddings are there already.
    """
    if not GENERATORS[generator].knows_the_model:
        return MapPasses(0)
    if generator in ("similarity_attention", "grad_cam"):
        # References cost no pass: the backward passes stop at a layer, see layer_gradients.
        return MapPasses(0, len(references_q))
    if generator == "mask":
        images = sum(references_q) * (2 if mode == BOTH else 1)
        return MapPasses(0, images * int(spec["iterations"]), is_upper_bound=spec["patience"] is not None)
    if generator == "lime":
        # Samples that repeat an earlier one cost nothing: n superpixels have 2^n at most.
        return MapPasses(len(references_q) * int(spec["samples"]), is_upper_bound=True)
    passes = 0 if are_kept else len(references_q) * query_perturbations(generator, spec)
    if mode == BOTH:
        passes += sum(references_q) * _reference_perturbations(generator, spec)
    return MapPasses(passes)


def query_perturbations(generator: str, spec: Mapping[str, Any]) -> int:
    """Return how many perturbations of a query pass, by a generator that can keep their embeddings; else 0."""
    if generator == "rise":
        return int(spec["masks"])
    if generator == "sliding_window":
        # Drops count from the score of the whole query, which the authors' geometry does without.
        return int(spec["windows_per_side"]) ** 2 + int(spec["geometry"] == PAPERS)
    return 0


def _reference_perturbations(generator: str, spec: Mapping[str, Any]) -> int:
    return int(spec["reference_masks"]) if generator == "rise" else int(spec["reference_windows_per_side"]) ** 2
