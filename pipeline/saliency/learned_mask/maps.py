"""Mask for image similarity: learns where an image must be kept for its score to stay (v1 sections 3.2, B.2).

White box. The perturbations and the loss are Fong and Vedaldi's (2017), with the score of the pair in place of a
class score: lowering it, while as much as possible of the image is shown, hides what the match rests on. Map = 1 - m.
Cost: an image forward and backward per pair and iteration, two where the reference is manipulated as well.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest
from pipeline.saliency.declaration import BOTH
from pipeline.saliency.gradients.white_box import require_gradients
from pipeline.saliency.learned_mask.blurred_images import upsampling_weights
from pipeline.saliency.learned_mask.declaration import MaskSpec
from pipeline.saliency.learned_mask.descent import Descent, descend
from pipeline.saliency.learned_mask.pairs import NAME, Pair, PairBatch
from pipeline.saliency.spec_fields import refuse_out_of_limits
from pipeline.similarity.scorer import SimilarityScorer

# Iterations whose losses are recorded, to judge afterwards how far fewer than 500 would have led.
RECORDED_AT = (50, 100, 250)


def build_mask(spec: MaskSpec, scorer: SimilarityScorer, _image_size_px: int, mode: str) -> SaliencyGenerator:
    """Return the generator that the catalogue names, see build_learned_mask; sizes are those of the queries."""
    return build_learned_mask(spec, mode, scorer)


def build_learned_mask(spec: MaskSpec, mode: str, scorer: SimilarityScorer) -> SaliencyGenerator:
    """Return the generator; pairs of several requests share batches.

    It works in the dtype of the network's parameters. Mode both learns a mask for each of the two images of a pair,
    jointly; the map is the query's. Notes: `iterations`; `final_loss`, the loss of the last iteration, with its noise
    and before its step; `loss_at_<iteration>`, that of an earlier one (its last where it had stopped before).

    Raises:
        BadSetting: settings out of their limits.
        BadModel: the model is a black box. The generator itself raises BadModel where embeddings are NaN or zero, or
            the network has no gradients.
    """
    refuse_out_of_limits(spec, "saliency.mask")
    network = require_gradients(scorer, NAME)
    shows_references = mode == BOTH
    per_batch = max(1, min(spec.pairs_per_batch, scorer.batch_size // (2 if shows_references else 1)))

    def generate(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
        pairs = [Pair(request, slot) for request in requests for slot in range(len(request.reference_embeddings_kd))]
        batches = [pairs[start : start + per_batch] for start in range(0, len(pairs), per_batch)]
        descents = [_descend_batch(batch, spec, shows_references, scorer, network) for batch in batches]
        results = iter(
            [
                (descent.masks_pncc[row, 0], descent.losses_tp[:, row], int(descent.iterations_p[row]))
                for descent in descents
                for row in range(len(descent.iterations_p))
            ]
        )
        return [_maps_of_request(request, results, 1 + shows_references) for request in requests]

    return generate


def _descend_batch(
    pairs: Sequence[Pair], spec: MaskSpec, shows_references: bool, scorer: SimilarityScorer, network: nn.Module
) -> Descent:
    batch = PairBatch(pairs, spec, shows_references, scorer, network)
    shape = (len(pairs), batch.images_per_pair, spec.mask_cells, spec.mask_cells)
    start = torch.ones(shape, dtype=batch.dtype, device=scorer.device)
    descent = descend(start, batch.score, batch.keep, spec)
    finite = torch.isfinite(descent.losses_tp).all(dim=0).tolist()
    if not all(finite):
        query = pairs[finite.index(False)].request.query_id
        raise BadModel(
            expected="scores that are finite in every iteration",
            found=f"NaN or infinity for {finite.count(False)} of {len(pairs)} pairs",
            where=f"saliency generator {NAME}, query {query}",
            remedy="check the similarity model's embeddings for this image: they may be NaN or zero",
        )
    return Descent(descent.masks_pncc.cpu(), descent.losses_tp.cpu(), descent.iterations_p.cpu())


def _maps_of_request(
    request: SaliencyRequest, results: Iterator[tuple[torch.Tensor, torch.Tensor, int]], images_per_pair: int
) -> SaliencyMaps:
    found = [next(results) for _ in request.reference_embeddings_kd]
    native_kcc = 1 - torch.stack([mask for mask, _, _ in found]).double()
    height, width = request.pixels_hwc.shape[:2]
    cells = native_kcc.shape[-1]
    display_khw = upsampling_weights(cells, height) @ native_kcc @ upsampling_weights(cells, width).T
    losses_tk = torch.stack([losses for _, losses, _ in found], dim=1).double().numpy()
    iterations_k = np.array([iterations for _, _, iterations in found], dtype=np.float64)
    notes = {f"loss_at_{number}": losses_tk[min(number, len(losses_tk)) - 1] for number in RECORDED_AT}
    return SaliencyMaps(
        display_khw.float().numpy(),
        native_kcc.float().numpy(),
        gradient_passes=images_per_pair * int(iterations_k.sum()),
        notes={"iterations": iterations_k, "final_loss": losses_tk[-1], **notes},
    )
