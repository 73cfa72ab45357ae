"""Grad-CAM as the rest of the program knows it: its setting and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.saliency.declaration import FIXED, GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.gradients.layer_setting import Layer


@dataclass(frozen=True)
class GradCamSpec:
    """Settings of Grad-CAM."""

    layer: Layer = None


def _depends_on(spec: GradCamSpec, _mode: str, _supervises: bool) -> dict[str, Any]:
    return values_of(spec, "layer")


def _passes(_spec: GradCamSpec, _mode: str, references_q: Sequence[int], _are_kept: bool) -> MapPasses:
    # References cost no pass: the backward passes stop at a layer, see layer_maps.
    return MapPasses(gradient=len(references_q))


GRAD_CAM = GeneratorDeclaration(
    name="grad_cam",
    title="Grad-CAM",
    module="pipeline.saliency.grad_cam.maps",
    spec=GradCamSpec,
    modes=(FIXED,),
    modes_meaning="fixed: the reference is taken as it is",
    depends_on=_depends_on,
    passes=_passes,
    notes=1,
    is_white_box=True,
)
