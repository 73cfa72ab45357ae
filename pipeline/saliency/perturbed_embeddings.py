"""Embeddings of images under N masks: computed once, shared by all that they are compared with.

The project's main lever on cost: the masked query's embedding does not depend on the reference, so K references
cost N forward passes and one (N, D) x (D, K) product, where the papers' code spends N K passes. Where references
are masked as well, maps that are linear in the scores need no more of them than the mean of their M embeddings:
N + M passes a pair, where the papers budget N M.
"""

from dataclasses import replace

import numpy as np
import torch

from pipeline.errors import BadSetting
from pipeline.images import normalise_pixels
from pipeline.saliency.contract import SaliencyRequest, required
from pipeline.saliency.mask_source import MaskSource
from pipeline.similarity.conditions import check_norms, conditioned_cosines
from pipeline.similarity.scorer import SimilarityScorer


def embed_perturbations(scorer: SimilarityScorer, pixels_hwc: np.ndarray, masks: MaskSource) -> torch.Tensor:
    """Return float32 unit-norm embeddings (mask, D) of an image under each mask, on the scorer's device.

    Removed pixels are 0 after normalisation (the ImageNet mean colour). Memory holds one batch of images.

    Args:
        scorer: the explained model; its batch size is the batch size here.
        pixels_hwc: uint8 (y, x, 3).
        masks: at the image's size.

    Raises:
        BadModel: the model returns NaN, zero vectors or the wrong shape.
    """
    return _embed_images(scorer, pixels_hwc[None], masks)[0]


def perturbed_query_scores(
    scorer: SimilarityScorer, request: SaliencyRequest, masks: MaskSource, reference_masks: MaskSource | None = None
) -> tuple[torch.Tensor, int]:
    """Return float32 scores (mask, reference) of the perturbed query, and the forward passes that they took.

    A score against a masked reference is the mean over its masks. A query whose perturbed embeddings come with the
    request takes no pass.

    Args:
        scorer: the explained model.
        request: the query and its references; with their pixels where these are masked.
        masks: of the query.
        reference_masks: of each reference, None to take the references as they are.

    Raises:
        BadModel: see embed_perturbations, or a projection is zero.
        BadSetting: reference pixels are lacking, or the perturbed embeddings that came are not of these masks.
    """
    passes = 0
    if reference_masks is not None:
        means_kd = mean_perturbed_references(scorer, request, reference_masks)
        request = replace(request, reference_embeddings_kd=means_kd.cpu().numpy())
        passes += len(means_kd) * len(reference_masks)
    if request.perturbed_embeddings_nd is not None:
        embeddings_nd = _kept(request.perturbed_embeddings_nd, masks, scorer.device)
    else:
        embeddings_nd = embed_perturbations(scorer, request.pixels_hwc, masks)
        passes += len(masks)
    return perturbed_scores(embeddings_nd, request), passes


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


def mean_perturbed_references(scorer: SimilarityScorer, request: SaliencyRequest, masks: MaskSource) -> torch.Tensor:
    """Return float32 (reference, D): the mean of each reference's embeddings under all masks.

    Each embedding is projected by its reference's condition, if there is one, and made unit norm before the mean is
    taken; the mean itself is not. So its dot product with a query's unit embedding is the mean score of the query
    against the masked references.

    Raises:
        BadModel: see embed_perturbations, or a projection is zero.
        BadSetting: the request has no reference pixels.
    """
    pixels_khwc = required(request.reference_pixels_khwc, "reference_pixels_khwc", "of mode both")
    embeddings_kmd = _embed_images(scorer, pixels_khwc, masks).double()
    if request.condition_masks_kd is not None:
        conditions = torch.tensor(request.condition_masks_kd, device=embeddings_kmd.device)
        embeddings_kmd = embeddings_kmd * conditions[:, None]
        norms = torch.linalg.vector_norm(embeddings_kmd, dim=2, keepdim=True)
        check_norms(norms)
        embeddings_kmd = embeddings_kmd / norms
    return embeddings_kmd.mean(dim=1).float()


def _embed_images(scorer: SimilarityScorer, pixels_bhwc: np.ndarray, masks: MaskSource) -> torch.Tensor:
    """Return float32 unit-norm embeddings (image, mask, D).

    All batches but the last are full: one goes on with the next image's masks where an image's end.
    """
    images, height, width, channels = pixels_bhwc.shape
    normalised = normalise_pixels(pixels_bhwc, scorer.device)
    # Channels interleaved in one long row: broadcasting over a last axis of 3 would cost a third of a small network.
    images_bhv = normalised.permute(0, 2, 3, 1).reshape(images, height, width * channels)
    batches = []
    for start in range(0, images * len(masks), scorer.batch_size):
        stop = min(start + scorer.batch_size, images * len(masks))
        pieces = []
        for image in range(start // len(masks), (stop - 1) // len(masks) + 1):
            first = max(start - image * len(masks), 0)
            last = min(stop - image * len(masks), len(masks))
            pieces.append(masks.render(first, last, scorer.device, channels).mul_(images_bhv[image]))
        masked = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        batches.append(scorer.embed_tensor(masked.view(-1, height, width, channels).permute(0, 3, 1, 2)))
    return torch.cat(batches).unflatten(0, (images, len(masks)))  # type: ignore[no-any-return, no-untyped-call]


def _kept(embeddings_nd: np.ndarray, masks: MaskSource, device: str) -> torch.Tensor:
    if embeddings_nd.ndim != 2 or len(embeddings_nd) != len(masks):
        raise BadSetting(
            expected=f"perturbed embeddings (mask, D) of {len(masks)} masks",
            found=f"shape {embeddings_nd.shape}",
            where="a saliency request",
            remedy="make them with the settings of the generator that reads them",
        )
    # Their norms lost a little when they were rounded to half precision.
    return torch.nn.functional.normalize(torch.tensor(embeddings_nd, dtype=torch.float32, device=device), dim=1)
