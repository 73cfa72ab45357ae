"""Activation decomposition as the rest of the program knows it: its setting and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.saliency.declaration import FIXED, GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.gradients.layer_setting import Layer

# Two images, so that maxima lie in different places, and the pass without activations.
CHECKED_IMAGES = 2


@dataclass(frozen=True)
class DecompositionSpec:
    """Settings of activation decomposition."""

    layer: Layer = None


def _depends_on(spec: DecompositionSpec, _mode: str, _supervises: bool) -> dict[str, Any]:
    return values_of(spec, "layer")


def _passes(_spec: DecompositionSpec, _mode: str, references_q: Sequence[int], _are_kept: bool) -> MapPasses:
    # One pass of the group tells what the head adds by itself; references cost none, as in layer_maps.
    return MapPasses(forward=1, gradient=len(references_q))


ACTIVATION_DECOMPOSITION = GeneratorDeclaration(
    name="activation_decomposition",
    title="activation decomposition",
    module="pipeline.saliency.activation_decomposition.maps",
    spec=DecompositionSpec,
    modes=(FIXED,),
    modes_meaning="fixed: the reference is taken as it is",
    depends_on=_depends_on,
    passes=_passes,
    is_white_box=True,
    check_passes=CHECKED_IMAGES + 1,
)
