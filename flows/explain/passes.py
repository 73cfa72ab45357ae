"""The passes of two images: each as it is and under RISE's masks, once for both directions, and the maps they give."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from flows.explain.images import PairImage
from flows.explain.options import Progress
from flows.explain.results import StoredResults
from flows.readers.scorer import load_scorer
from flows.stages.generator_spec import generator_spec
from pipeline.errors import BadSetting
from pipeline.saliency.build import build_generator
from pipeline.saliency.catalogue import GENERATORS, needs_negatives
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.correspondence.cell_effects import CellEffects
from pipeline.saliency.correspondence.match import ExplainedMatch, explain_match
from pipeline.saliency.declaration import FIXED, needs_reference_pixels
from pipeline.saliency.perturbations import MaskSource
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import RISE
from pipeline.saliency.rise.maps import query_masks
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer


@dataclass(frozen=True)
class PassedPair:
    """Both images after their passes; the first axis is first image, second image.

    Attributes:
        images: the two.
        condition: that they are compared in, None for none.
        mask_d: of the condition, float32 (D,); None for a model without conditions.
        embeddings_2d: float32 unit-norm general embeddings.
        compared_2d: the same under the condition.
        effects: float64 (cell, D) effects of the cells of each, under the condition.
        perturbed: float32 (perturbation, D) unit-norm general embeddings of each under RISE's masks.
    """

    images: tuple[PairImage, PairImage]
    condition: str | None
    mask_d: np.ndarray | None
    embeddings_2d: np.ndarray
    compared_2d: np.ndarray
    effects: tuple[np.ndarray, np.ndarray]
    perturbed: tuple[np.ndarray, np.ndarray]

    @property
    def similarity(self) -> float:
        """The model's score."""
        return float(np.einsum("d,d->", *self.compared_2d, dtype=np.float64))

    def match(self, query: int, results: StoredResults) -> ExplainedMatch:
        """Return the match with the image at this place as query."""
        asked = results.settings.saliency.correspondence
        effects, order = (self.effects[query], self.effects[1 - query]), [query, 1 - query]
        return explain_match(*effects, self.compared_2d[order], asked.components, asked.split_by)


def pass_pair(
    results: StoredResults, images: tuple[PairImage, PairImage], condition: str | None, progress: Progress
) -> PassedPair:
    """Return the pair after N forward passes of each image, N the number of RISE's masks.

    Raises:
        BadModel: the model returns no embeddings for an image.
        BadSetting: see `query_masks`.
    """
    settings = results.settings
    spec = RISE.spec_from(generator_spec(settings, RISE.name, FIXED), settings.seed)
    size = settings.dataset.image_size_px
    scorer = load_scorer(results.inputs("embeddings"))
    masks = resident(query_masks(spec, size), scorer.device)
    perturbed = []
    for number, image in enumerate(images):
        step = f"passing {'first' if number == 0 else 'second'} image"
        told = _ToldMasks(masks, lambda done, step=step: progress(step, done, len(masks)))  # type: ignore[misc]
        perturbed.append(embed_perturbations(scorer, image.pixels_hwc, told, spec.fill).cpu().numpy())
    embeddings_2d = np.stack([_embedding(image, scorer) for image in images])
    condition_masks = results.condition_masks
    mask_d = None if condition_masks is None else condition_masks.of([condition])[0]
    cells = CellEffects(spec, size, settings.saliency.correspondence.cells)
    compared = [embeddings_2d, *perturbed]
    if mask_d is not None:
        compared = [project(one_nd, mask_d) for one_nd in compared]
    return PassedPair(
        images,
        condition,
        mask_d,
        embeddings_2d,
        compared[0],
        (cells.of(compared[1]), cells.of(compared[2])),
        (perturbed[0], perturbed[1]),
    )


def generated_map(results: StoredResults, passed: PassedPair, query: int, generator: str) -> np.ndarray:
    """Return float32 (y, x), a generator's map of the image at a place against the other.

    RISE's takes no further pass. The mode is "fixed" where the generator has it, else its first without negatives.

    Raises:
        BadSetting: there is no such generator.
        BadModel: it takes gradients, and the model is a black box.
    """
    settings = results.settings
    mode = map_mode(generator)
    image, other = passed.images[query], passed.images[1 - query]
    make = build_generator(
        generator,
        mode,
        generator_spec(settings, generator, mode),
        settings.seed,
        load_scorer(results.inputs("embeddings")),
        settings.dataset.image_size_px,
    )
    request = SaliencyRequest(
        image.key,
        image.pixels_hwc,
        passed.compared_2d[1 - query][None],
        None if passed.mask_d is None else passed.mask_d[None],
        (other.key,),
        other.pixels_hwc[None] if needs_reference_pixels(mode) else None,
        None,
        passed.perturbed[query] if generator == RISE.name else None,
    )
    found: np.ndarray = make([request])[0].display_khw[0]
    return found


def map_mode(generator: str) -> str:
    """Return the mode in which a generator makes the map of a single pair.

    Raises:
        BadSetting: there is no such generator.
    """
    if generator not in GENERATORS:
        raise BadSetting(
            expected=f"a saliency generator: {', '.join(GENERATORS)}",
            found=repr(generator),
            where="--generator",
            remedy="choose one of them; docs/saliency.md says what they do",
        )
    modes = GENERATORS[generator].modes
    return FIXED if FIXED in modes else next(mode for mode in modes if not needs_negatives(generator, mode))


def _embedding(image: PairImage, scorer: SimilarityScorer) -> np.ndarray:
    if image.embedding_d is not None:
        return image.embedding_d
    embedded: np.ndarray = scorer.embed(image.pixels_hwc[None])[0]
    return embedded


@dataclass(frozen=True)
class _ToldMasks:
    """Masks of another source that tell how many of them were asked for."""

    masks: MaskSource
    tell: Callable[[int], Any]

    @property
    def image_size_px(self) -> int:
        """See MaskSource."""
        return self.masks.image_size_px

    def __len__(self) -> int:
        return len(self.masks)

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """See MaskSource."""
        self.tell(stop)
        return self.masks.render(start, stop, device, channels)
