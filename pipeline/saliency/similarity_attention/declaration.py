"""Similarity attention as the rest of the program knows it: its setting, modes and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.saliency.declaration import GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.gradients.layer_setting import Layer
from pipeline.saliency.similarity_attention.modes import NEGATIVES_OF_MODE


@dataclass(frozen=True)
class AttentionSpec:
    """Settings of similarity attention."""

    layer: Layer = None


def _depends_on(spec: AttentionSpec, _mode: str, _supervises: bool) -> dict[str, Any]:
    return values_of(spec, "layer")


def _passes(_spec: AttentionSpec, _mode: str, references_q: Sequence[int], _are_kept: bool) -> MapPasses:
    # References cost no pass: the backward passes stop at a layer, see layer_maps.
    return MapPasses(gradient=len(references_q))


SIMILARITY_ATTENTION = GeneratorDeclaration(
    name="similarity_attention",
    title="similarity attention",
    module="pipeline.saliency.similarity_attention.maps",
    spec=AttentionSpec,
    modes=tuple(NEGATIVES_OF_MODE),
    modes_meaning="how features are weighed: by the pair alone, or with one or two images of another class besides",
    depends_on=_depends_on,
    passes=_passes,
    negatives=NEGATIVES_OF_MODE,
    notes=1,
    is_white_box=True,
)
