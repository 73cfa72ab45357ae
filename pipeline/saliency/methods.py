"""The saliency generators by name."""

from collections.abc import Mapping
from typing import Any

from pipeline.errors import BadSetting
from pipeline.saliency.attention import AttentionSpec, build_similarity_attention
from pipeline.saliency.catalogue import GENERATORS, black_box_generators
from pipeline.saliency.contract import SaliencyGenerator, checked
from pipeline.saliency.controls import build_centre, build_random
from pipeline.saliency.grad_cam import GradCamSpec, build_grad_cam
from pipeline.saliency.lime import LimeSpec, build_lime
from pipeline.saliency.mask_optimisation import build_mask
from pipeline.saliency.mask_spec import MaskSpec
from pipeline.saliency.rise import RiseSpec, build_rise
from pipeline.saliency.superpixels import SuperpixelSpec
from pipeline.saliency.white_box import require_gradients
from pipeline.similarity.scorer import SimilarityScorer


def build_generator(
    name: str, mode: str, spec: Mapping[str, Any], seed: int, scorer: SimilarityScorer, image_size_px: int
) -> SaliencyGenerator:
    """Return the generator of that name, its results checked against the contract.

    Args:
        name: one of GENERATORS.
        mode: one of its modes.
        spec: its settings by name, see its own specification; nothing for the controls.
        seed: of everything random.
        scorer: the explained model.
        image_size_px: side of queries and of display maps.

    Raises:
        BadSetting: unknown name or mode, or settings out of range.
        BadModel: a generator that takes gradients, for a model that is a black box.
    """
    if name not in GENERATORS:
        raise _unknown("generator", name, tuple(GENERATORS))
    if mode not in GENERATORS[name].modes:
        raise _unknown(f"mode of {name}", mode, GENERATORS[name].modes)
    if GENERATORS[name].is_white_box:
        require_gradients(scorer, name, black_box_generators())
    return checked(_build(name, mode, spec, seed, scorer, image_size_px), f"{name}, mode {mode}")


def _build(
    name: str,
    mode: str,
    spec: Mapping[str, Any],
    seed: int,
    scorer: SimilarityScorer,
    image_size_px: int,
) -> SaliencyGenerator:
    if name == "rise":
        return build_rise(RiseSpec(seed=seed, **spec), scorer, image_size_px)
    if name == "similarity_attention":
        return build_similarity_attention(AttentionSpec(**spec), mode, scorer, image_size_px)
    if name == "grad_cam":
        return build_grad_cam(GradCamSpec(**spec), scorer, image_size_px)
    if name == "mask":
        return build_mask(MaskSpec(seed=seed, **spec), mode, scorer)
    if name == "lime":
        superpixels = SuperpixelSpec(**spec.get("superpixels", {}))
        return build_lime(LimeSpec(**{**spec, "superpixels": superpixels, "seed": seed}), scorer)
    if name == "random":
        return build_random(seed)
    return build_centre()


def _unknown(what: str, found: str, known: tuple[str, ...]) -> BadSetting:
    return BadSetting(
        expected=f"a {what} among {', '.join(known)}",
        found=repr(found),
        where="[saliency]",
        remedy="choose a known one; docs/configuration.md lists generators and modes",
    )
