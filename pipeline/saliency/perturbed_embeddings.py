"""Embeddings of a query under N masks: computed once, shared by all of the query's references.

The project's main lever on cost: the masked query's embedding does not depend on the reference, so K references
cost N forward passes and one (N, D) x (D, K) product, where the papers' code spends N K passes.
"""

import numpy as np
import torch

from pipeline.images import normalise_pixels
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.masks import MaskDraws, render_masks
from pipeline.similarity.conditions import conditioned_cosines
from pipeline.similarity.scorer import SimilarityScorer


def embed_perturbations(scorer: SimilarityScorer, pixels_hwc: np.ndarray, draws: MaskDraws) -> torch.Tensor:
    """Return float32 unit-norm embeddings (mask, D) of the query under each mask, on the scorer's device.

    Removed pixels are 0 after normalisation (the ImageNet mean colour). Memory holds one batch of images.

    Args:
        scorer: the explained model; its batch size is the batch size here.
        pixels_hwc: uint8 (y, x, 3).
        draws: the masks' random part, at the query's size.

    Raises:
        BadModel: the model returns NaN, zero vectors or the wrong shape.
    """
    height, width, channels = pixels_hwc.shape
    # Channels interleaved in one long row: broadcasting over a last axis of 3 would cost a third of a small network.
    image_hv = normalise_pixels(pixels_hwc[None], scorer.device)[0].permute(1, 2, 0).reshape(height, width * channels)
    batches = []
    for start in range(0, len(draws), scorer.batch_size):
        stop = min(start + scorer.batch_size, len(draws))
        masked_nhv = render_masks(draws, start, stop, scorer.device, channels).mul_(image_hv)
        masked_nchw = masked_nhv.view(stop - start, height, width, channels).permute(0, 3, 1, 2)
        batches.append(scorer.embed_tensor(masked_nchw))
    return torch.cat(batches)


def perturbed_scores(embeddings_nd: torch.Tensor, request: SaliencyRequest) -> torch.Tensor:
    """Return float32 scores (mask, reference) of the perturbed query against each reference, on their device.

    Where the request has condition masks, each score is taken under its reference's condition; the embeddings are the
    same for all of them.

    Raises:
        BadModel: a projection is zero.
    """
    references = torch.tensor(request.reference_embeddings_kd, device=embeddings_nd.device)
    if request.condition_masks_kd is None:
        return embeddings_nd @ references.T
    masks = torch.tensor(request.condition_masks_kd, device=embeddings_nd.device)
    return conditioned_cosines(embeddings_nd, references, masks)
