"""What there is to know of each saliency generator without making a map: its modes, its needs, its cost in passes.

Imports no torch, so that plans and settings can ask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
        draws: it draws random numbers.
        notes: figures that it notes of each map.
    """

    module: str
    modes: tuple[str, ...]
    is_white_box: bool = False
    knows_the_model: bool = True
    draws: bool = True
    notes: int = 0


GENERATORS: Mapping[str, GeneratorFacts] = {
    "rise": GeneratorFacts("pipeline.saliency.rise", (FIXED,)),
    "lime": GeneratorFacts("pipeline.saliency.lime", (FIXED,), notes=3),
    "random": GeneratorFacts("pipeline.saliency.controls", (FIXED,), knows_the_model=False),
    "centre": GeneratorFacts("pipeline.saliency.controls", (FIXED,), knows_the_model=False, draws=False),
}


def needs_reference_pixels(mode: str) -> bool:
    """Return whether requests must bring the references' pixels."""
    return mode == BOTH


def needs_negatives(mode: str) -> bool:
    """Return whether requests must bring embeddings of images that do not match."""
    return mode in ("triplet", "quadruplet")


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
    generator: str,
    mode: str,  # noqa: ARG001
    spec: Mapping[str, Any],
    references_q: Sequence[int],
) -> MapPasses:
    """Return what the maps of a group of queries cost, by formula; a test holds it equal to what is counted.

    Args:
        generator: its name.
        mode: its mode.
        spec: its settings, as the generator gets them.
        references_q: the number of references of each query.
    """
    if not GENERATORS[generator].knows_the_model:
        return MapPasses(0)
    if generator == "lime":
        # Samples that repeat an earlier one cost nothing: n superpixels have 2^n at most.
        return MapPasses(len(references_q) * int(spec["samples"]), is_upper_bound=True)
    return MapPasses(len(references_q) * int(spec["masks"]))
