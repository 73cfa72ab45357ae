"""The saliency generators by name."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.errors import BadSetting
from pipeline.saliency.catalogue import GENERATORS, black_box_generators
from pipeline.saliency.contract import SaliencyGenerator, checked
from pipeline.saliency.controls.maps import build_centre, build_random
from pipeline.saliency.grad_cam.maps import GradCamSpec, build_grad_cam
from pipeline.saliency.gradients.white_box import require_gradients
from pipeline.saliency.learned_mask.maps import build_mask
from pipeline.saliency.learned_mask.spec import MaskSpec
from pipeline.saliency.lime.maps import LimeSpec, build_lime
from pipeline.saliency.lime.superpixels import SuperpixelSpec
from pipeline.saliency.perturbations import MaskSource
from pipeline.saliency.rise.maps import RiseSpec, build_rise
from pipeline.saliency.rise.maps import query_masks as rise_masks
from pipeline.saliency.similarity_attention.maps import AttentionSpec, build_similarity_attention
from pipeline.saliency.sliding_window.maps import SlidingWindowSpec, build_sliding_window
from pipeline.saliency.sliding_window.maps import query_masks as window_masks
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


def query_masks(name: str, spec: Mapping[str, Any], seed: int, image_size_px: int) -> MaskSource:
    """Return what a generator does to a query, where it can keep the embeddings: their rows are in this order.

    Args:
        name: one of GENERATORS that keeps embeddings.
        spec: its settings by name, see its own specification.
        seed: of everything random.
        image_size_px: side of queries.

    Raises:
        BadSetting: another generator, or settings out of range.
    """
    keeping = tuple(known for known, facts in GENERATORS.items() if facts.keeps_embeddings)
    if name not in keeping:
        raise _unknown("generator that keeps embeddings", name, keeping)
    if name == "rise":
        return rise_masks(RiseSpec(seed=seed, **spec), image_size_px)
    return window_masks(SlidingWindowSpec(**spec), image_size_px)


def _build(
    name: str, mode: str, spec: Mapping[str, Any], seed: int, scorer: SimilarityScorer, image_size_px: int
) -> SaliencyGenerator:
    builders: dict[str, Callable[[], SaliencyGenerator]] = {
        "rise": lambda: build_rise(RiseSpec(seed=seed, **spec), scorer, image_size_px, mode),
        "sliding_window": lambda: build_sliding_window(SlidingWindowSpec(**spec), scorer, image_size_px, mode),
        "lime": lambda: build_lime(_lime_spec(spec, seed), scorer),
        "mask": lambda: build_mask(MaskSpec(seed=seed, **spec), mode, scorer),
        "similarity_attention": lambda: build_similarity_attention(AttentionSpec(**spec), mode, scorer, image_size_px),
        "grad_cam": lambda: build_grad_cam(GradCamSpec(**spec), scorer, image_size_px),
        "random": lambda: build_random(seed),
        "centre": build_centre,
    }
    return builders[name]()


def _lime_spec(spec: Mapping[str, Any], seed: int) -> LimeSpec:
    return LimeSpec(**{**spec, "superpixels": SuperpixelSpec(**spec.get("superpixels", {})), "seed": seed})


def _unknown(what: str, found: str, known: tuple[str, ...]) -> BadSetting:
    return BadSetting(
        expected=f"a {what} among {', '.join(known)}",
        found=repr(found),
        where="[saliency]",
        remedy="choose a known one; docs/configuration.md lists generators and modes",
    )
