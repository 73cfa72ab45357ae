"""A batch of pairs whose masks are learned together: their images, and their scores with gradients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from pipeline.randomness import keyed_rng
from pipeline.saliency.contract import SaliencyRequest, required
from pipeline.saliency.fill import BLUR, removed_pixels
from pipeline.saliency.gradients.white_box import require_graph
from pipeline.saliency.learned_mask.blurred_images import MaskedImages, blur
from pipeline.saliency.learned_mask.declaration import MaskSpec
from pipeline.similarity.scorer import SimilarityScorer

NAME = "mask"


@dataclass(frozen=True)
class Pair:
    """A pair to explain: a request's reference."""

    request: SaliencyRequest
    slot: int


def pair_scores(
    vectors_pnd: torch.Tensor, references_pd: torch.Tensor | None, conditions_pd: torch.Tensor | None
) -> torch.Tensor:
    """Return the cosine of each pair, (pair,).

    Args:
        vectors_pnd: (pair, image, D) as the network makes them, of the query and, without `references_pd`, of the
            reference.
        references_pd: unit-norm embeddings that the query is compared with, under the conditions where there are any.
        conditions_pd: masks under which pairs are compared, None for a model without.
    """
    projected_pnd = vectors_pnd if conditions_pd is None else vectors_pnd * conditions_pd[:, None]
    # Not functional.normalize: it turns a zero vector into a score without gradients instead of NaN, which is noticed.
    unit_pnd = projected_pnd / torch.linalg.vector_norm(projected_pnd, dim=-1, keepdim=True)
    others_pd = unit_pnd[:, 1] if references_pd is None else references_pd
    return torch.sum(unit_pnd[:, 0] * others_pd, dim=-1)


class PairBatch:
    """The images and targets of a batch of pairs, some of which may leave it.

    Args:
        pairs: the pairs.
        spec: of the masks.
        shows_references: the references are manipulated as well, so that a pair has two images: query, reference.
        scorer: the explained model.
        network: its network, without gradients of parameters.

    Raises:
        BadSetting: a request lacks its references' ids, or their pixels where they are manipulated; or see
            removed_pixels.

    Attributes:
        dtype: in which all is computed: float64 where the network's parameters are, else float32.
        images_per_pair: 1 or 2.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        spec: MaskSpec,
        shows_references: bool,
        scorer: SimilarityScorer,
        network: nn.Module,
    ) -> None:
        dtypes = (parameter.dtype for parameter in network.parameters())
        # A user's own network may be in half precision, of which masks would leave nothing.
        self.dtype = torch.float64 if next(dtypes, torch.float32) == torch.float64 else torch.float32
        self.images_per_pair = 1 + shows_references
        self._scorer, self._network, self._noise_deviation = scorer, network, spec.noise_deviation
        pixels, noise = [], []
        for pair in pairs:
            shown = _shown_images(pair, shows_references)
            pixels += [image for _, image in shown]
            noise += [_noise_of(pair, which, spec.seed) for which, _ in shown]
        removed = [_removed(image, spec) for image in pixels]
        self.images = MaskedImages(pixels, removed, noise, spec.mask_cells, scorer.device, self.dtype)
        references = [pair.request.reference_embeddings_kd[pair.slot] for pair in pairs]
        self._references_pd = None if shows_references else self._vectors(references)
        # Requests with and without conditions may share a batch: without is a condition of ones.
        conditions = [pair.request.condition_masks_kd for pair in pairs]
        self._conditions_pd = None
        if any(masks_kd is not None for masks_kd in conditions):
            ones = np.ones_like(references[0])
            rows = [ones if masks is None else masks[pair.slot] for masks, pair in zip(conditions, pairs, strict=True)]
            self._conditions_pd = self._vectors(rows)

    def score(self, masks_pncc: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores (pair,) and their gradients with respect to the masks (pair, image, cell y, cell x).

        Raises:
            BadModel: no gradients lead from the network's output to its input.
        """
        images = self.images.mix(masks_pncc.flatten(0, 1), self._noise_deviation).requires_grad_()
        with torch.enable_grad():
            vectors = require_graph(self._embed(images), NAME).to(self.dtype)
            scores = pair_scores(
                vectors.unflatten(0, (-1, self.images_per_pair)),  # type: ignore[no-untyped-call]
                self._references_pd,
                self._conditions_pd,
            )
            [slopes] = torch.autograd.grad(scores.sum(), images)
        return scores.detach(), self.images.mask_gradients(slopes).view_as(masks_pncc)

    def keep(self, rows: torch.Tensor) -> None:
        """Drop all pairs but these."""
        offsets = torch.arange(self.images_per_pair, device=rows.device)
        self.images.keep((rows[:, None] * self.images_per_pair + offsets).flatten())
        if self._references_pd is not None:
            self._references_pd = self._references_pd[rows]
        if self._conditions_pd is not None:
            self._conditions_pd = self._conditions_pd[rows]

    def _embed(self, images: torch.Tensor) -> torch.Tensor:
        enabled = self._scorer.precision == "bfloat16"
        with torch.autocast(self._scorer.device.split(":")[0], dtype=torch.bfloat16, enabled=enabled):
            vectors: torch.Tensor = self._network(images)
        return vectors

    def _vectors(self, rows: Sequence[np.ndarray]) -> torch.Tensor:
        return torch.tensor(np.stack(rows)).to(self._scorer.device, self.dtype)


def _removed(pixels_hwc: np.ndarray, spec: MaskSpec) -> np.ndarray:
    # Blurring is what the method itself does, by its own window; so its word means that.
    return blur(pixels_hwc, spec.blur_px) if spec.fill == BLUR else removed_pixels(spec.fill, pixels_hwc)


def _shown_images(pair: Pair, shows_references: bool) -> list[tuple[str, np.ndarray]]:
    shown = [("query", pair.request.pixels_hwc)]
    if shows_references:
        references = required(pair.request.reference_pixels_khwc, "reference_pixels_khwc", NAME)
        shown.append(("reference", references[pair.slot]))
    return shown


def _noise_of(pair: Pair, which: str, seed: int) -> np.random.Generator:
    references = required(pair.request.reference_ids or None, "reference_ids", NAME)
    return keyed_rng(seed, pair.request.query_id, references[pair.slot], which, "mask noise")
