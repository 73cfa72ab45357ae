"""The controls as the rest of the program knows them: they know nothing of the model and have nothing to set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.saliency.declaration import FIXED, GeneratorDeclaration, MapPasses


@dataclass(frozen=True)
class RandomSpec:
    """What noise maps are made of.

    Attributes:
        seed: of the noise.
    """

    seed: int = 0


@dataclass(frozen=True)
class CentreSpec:
    """What the blob is made of: nothing that a run could choose."""


def _depends_on_nothing(_spec: object, _mode: str, _supervises: bool) -> dict[str, Any]:
    return {}


def _no_passes(_spec: object, _mode: str, _references_q: Sequence[int], _are_kept: bool) -> MapPasses:
    return MapPasses()


RANDOM = GeneratorDeclaration(
    name="random",
    title="random",
    module="pipeline.saliency.controls.maps",
    spec=RandomSpec,
    modes=(FIXED,),
    modes_meaning="fixed: the reference is not looked at",
    depends_on=_depends_on_nothing,
    passes=_no_passes,
    is_control=True,
)
CENTRE = GeneratorDeclaration(
    name="centre",
    title="centre blob",
    module="pipeline.saliency.controls.maps",
    spec=CentreSpec,
    modes=(FIXED,),
    modes_meaning="fixed: the reference is not looked at",
    depends_on=_depends_on_nothing,
    passes=_no_passes,
    is_control=True,
)
