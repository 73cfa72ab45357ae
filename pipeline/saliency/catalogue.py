"""The list of saliency generators, and what is looked up in it; a new generator is imported here and listed.

Imports no torch, so that plans and settings can ask.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.saliency.activation_decomposition.declaration import ACTIVATION_DECOMPOSITION
from pipeline.saliency.controls.declaration import CENTRE, RANDOM
from pipeline.saliency.declaration import GeneratorDeclaration, MapPasses
from pipeline.saliency.grad_cam.declaration import GRAD_CAM
from pipeline.saliency.learned_mask.declaration import MASK
from pipeline.saliency.lime.declaration import LIME
from pipeline.saliency.rise.declaration import RISE
from pipeline.saliency.similarity_attention.declaration import SIMILARITY_ATTENTION
from pipeline.saliency.sliding_window.declaration import SLIDING_WINDOW

GENERATORS: Mapping[str, GeneratorDeclaration[Any]] = {
    declared.name: declared
    for declared in (
        SLIDING_WINDOW,
        RISE,
        LIME,
        MASK,
        SIMILARITY_ATTENTION,
        GRAD_CAM,
        ACTIVATION_DECOMPOSITION,
        RANDOM,
        CENTRE,
    )
}


def black_box_generators() -> list[str]:
    """Return the generators that explain any model by its embeddings alone; the controls explain none."""
    return [name for name, declared in GENERATORS.items() if declared.knows_the_model and not declared.is_white_box]


def needs_negatives(generator: str, mode: str) -> bool:
    """Return whether requests must bring embeddings of images that do not match."""
    return bool(GENERATORS[generator].negatives.get(mode, 0))


def negatives_of(generator: str, mode: str, spec: Mapping[str, Any]) -> int:
    """Return how many images that do not match each pair is contrasted with, by settings as their stage keeps them."""
    declared = GENERATORS[generator]
    return declared.negatives_in(declared.spec_from(spec), mode)


def map_passes(
    generator: str, mode: str, spec: Mapping[str, Any], references_q: Sequence[int], are_kept: bool = False
) -> MapPasses:
    """Return what the maps of a group of queries cost, by formula.

    Args:
        generator: its name.
        mode: its mode.
        spec: its settings, as its stage keeps them.
        references_q: the number of references of each query.
        are_kept: the perturbed queries' embeddings are there already.
    """
    declared = GENERATORS[generator]
    return declared.passes(declared.spec_from(spec), mode, references_q, are_kept)


def query_perturbations(generator: str, spec: Mapping[str, Any]) -> int:
    """Return how many perturbations of a query pass, by a generator that can keep their embeddings; else 0."""
    declared = GENERATORS[generator]
    return declared.query_perturbations(declared.spec_from(spec)) if declared.query_perturbations else 0
