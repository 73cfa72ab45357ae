"""Any saliency generator by its name: the declared module is imported only when it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from pipeline.errors import BadSetting
from pipeline.saliency.catalogue import GENERATORS, black_box_generators
from pipeline.saliency.contract import SaliencyGenerator, checked
from pipeline.saliency.declaration import GeneratorDeclaration
from pipeline.saliency.fill import Fill
from pipeline.saliency.gradients.white_box import require_gradients
from pipeline.saliency.perturbations import MaskSource
from pipeline.similarity.scorer import SimilarityScorer


def build_generator(
    name: str, mode: str, spec: Mapping[str, Any], seed: int, scorer: SimilarityScorer, image_size_px: int
) -> SaliencyGenerator:
    """Return the generator of that name, its results checked against the contract.

    Args:
        name: one of GENERATORS.
        mode: one of its modes.
        spec: its settings by name, see its declaration; nothing for the controls.
        seed: of everything random.
        scorer: the explained model.
        image_size_px: side of queries and of display maps.

    Raises:
        BadSetting: unknown name or mode, or settings out of range.
        BadModel: a generator that takes gradients, for a model that is a black box.
    """
    if name not in GENERATORS:
        raise _unknown("generator", name, tuple(GENERATORS))
    declared = GENERATORS[name]
    if mode not in declared.modes:
        raise _unknown(f"mode of {name}", mode, declared.modes)
    if declared.is_white_box:
        require_gradients(scorer, name, black_box_generators())
    build: Callable[..., SaliencyGenerator] = getattr(import_module(declared.module), f"build_{name}")
    return checked(build(declared.spec_from(spec, seed), scorer, image_size_px, mode), f"{name}, mode {mode}")


def query_masks(name: str, spec: Mapping[str, Any], seed: int, image_size_px: int) -> MaskSource:
    """Return what a generator does to a query, where it can keep the embeddings: their rows are in this order.

    Args:
        name: one of GENERATORS that keeps embeddings.
        spec: its settings by name, see its declaration.
        seed: of everything random.
        image_size_px: side of queries.

    Raises:
        BadSetting: another generator, or settings out of range.
    """
    declared = _keeping(name)
    masks: MaskSource = import_module(declared.module).query_masks(declared.spec_from(spec, seed), image_size_px)
    return masks


def query_fill(name: str, spec: Mapping[str, Any]) -> Fill:
    """Return what the pixels of a query become that the masks of query_masks remove.

    Raises:
        BadSetting: the generator keeps no embeddings.
    """
    fill: Fill = _keeping(name).spec_from(spec).fill
    return fill


def _keeping(name: str) -> GeneratorDeclaration[Any]:
    keeping = tuple(known for known, declared in GENERATORS.items() if declared.keeps_embeddings)
    if name not in keeping:
        raise _unknown("generator that keeps embeddings", name, keeping)
    return GENERATORS[name]


def _unknown(what: str, found: str, known: tuple[str, ...]) -> BadSetting:
    return BadSetting(
        expected=f"a {what} among {', '.join(known)}",
        found=repr(found),
        where="[saliency]",
        remedy="choose a known one; docs/configuration.md lists generators and modes",
    )
