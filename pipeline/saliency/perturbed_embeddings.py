"""Embeddings of images under N masks: computed once, shared by all that they are compared with.

The project's main lever on cost: the masked query's embedding does not depend on the reference, so K references
cost N forward passes and one (N, D) x (D, K) product, where the papers' code spends N K passes. Where references
are masked as well, maps that are linear in the scores need no more of them than the mean of their M embeddings:
N + M passes a pair, where the papers budget N M.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
import torch

from pipeline.device_transfer import fetch, send
from pipeline.errors import BadModel, BadSetting
from pipeline.images import normalise_pixels
from pipeline.saliency.contract import SaliencyRequest, required
from pipeline.saliency.fill import MEAN, Fill, removed_pixels
from pipeline.saliency.perturbations import MaskSource
from pipeline.similarity.conditions import SMALLEST_NORM, check_norms, projected_norms, projected_products
from pipeline.similarity.scorer import SimilarityScorer, check_embeddings


@dataclass(frozen=True)
class PerturbedScores:
    """Scores of perturbed queries, perhaps before they are computed.

    Attributes:
        scores_nk: float32 (perturbation, reference), on the scorer's device.
        forward_passes: that they take.
        embeddings: tensors (..., D) that they are made of.
        projection_norms: of the projections that they are made of, where there are conditions.
    """

    scores_nk: torch.Tensor
    forward_passes: int
    embeddings: tuple[torch.Tensor, ...]
    projection_norms: tuple[torch.Tensor, ...] = ()

    def start_check(self) -> Callable[[], None]:
        """Return what waits for the scores and refuses those that are none; nothing waits until it is called.

        What it returns raises BadModel where the model returns NaN, infinity or zero vectors, a projection is zero, or
        a reference is not finite.
        """
        # Whatever is no vector makes its scores NaN; a projection that nearly vanishes does not.
        is_fine = torch.isfinite(self.scores_nk).all()
        for norms in self.projection_norms:
            is_fine = is_fine & (norms > SMALLEST_NORM).all()
        fetched = fetch(is_fine)

        def check() -> None:
            if not fetched():
                self._refuse()

        return check

    def _refuse(self) -> NoReturn:
        for embeddings in self.embeddings:
            check_embeddings(embeddings)
        for norms in self.projection_norms:
            check_norms(norms)
        raise BadModel(
            expected="finite scores of the perturbed query against its references",
            found=f"{int((~torch.isfinite(self.scores_nk)).sum())} of {self.scores_nk.numel()} that are not",
            where="the references' embeddings, or their condition masks",
            remedy="make the embeddings anew: sane run CONFIG --force embeddings",
        )


def embed_perturbations(
    scorer: SimilarityScorer, pixels_hwc: np.ndarray, masks: MaskSource, fill: Fill = MEAN
) -> torch.Tensor:
    """Return float32 unit-norm embeddings (mask, D) of an image under each mask, on the scorer's device.

    Memory holds one batch of images.

    Args:
        scorer: the explained model; its batch size is the batch size here.
        pixels_hwc: uint8 (y, x, 3).
        masks: at the image's size.
        fill: what removed pixels become, see removed_pixels; a mask's value between 0 and 1 mixes it with the pixel.

    Raises:
        BadModel: the model returns NaN, zero vectors or the wrong shape.
        BadSetting: see removed_pixels.
    """
    embeddings_nd = _embed_images(scorer, pixels_hwc[None], masks, fill)[0]
    check_embeddings(embeddings_nd)
    return embeddings_nd


def perturbed_query_scores(
    scorer: SimilarityScorer,
    request: SaliencyRequest,
    masks: MaskSource,
    reference_masks: MaskSource | None = None,
    fill: Fill = MEAN,
) -> PerturbedScores:
    """Launch the passes of the perturbed query, and return its scores (mask, reference), which are not checked yet.

    A score against a masked reference is the mean over its masks. A query whose perturbed embeddings come with the
    request takes no pass.

    Args:
        scorer: the explained model.
        request: the query and its references; with their pixels where these are masked.
        masks: of the query.
        reference_masks: of each reference, None to take the references as they are.
        fill: what removed pixels become, of references as of the query.

    Raises:
        BadModel: the model returns the wrong shape.
        BadSetting: reference pixels are lacking, the perturbed embeddings that came are not of these masks, or see
            removed_pixels.
    """
    # Before the passes: what is sent after them would wait for them on some devices.
    references_kd, conditions_kd = send_references(request, scorer.device)
    passes, embeddings, norms = 0, [], []
    if reference_masks is not None:
        pixels_khwc = required(request.reference_pixels_khwc, "reference_pixels_khwc", "of mode both")
        embeddings_kmd = _embed_images(scorer, pixels_khwc, reference_masks, fill)
        references_kd, norms_km1 = mean_perturbed_references(embeddings_kmd, conditions_kd)
        passes += len(pixels_khwc) * len(reference_masks)
        embeddings.append(embeddings_kmd)
        norms.append(norms_km1)
    if request.perturbed_embeddings_nd is not None:
        embeddings_nd = _kept(request.perturbed_embeddings_nd, masks, scorer.device)
    else:
        embeddings_nd = _embed_images(scorer, request.pixels_hwc[None], masks, fill)[0]
        passes += len(masks)
    found = perturbed_scores(embeddings_nd, references_kd, conditions_kd)
    together = (*embeddings, *found.embeddings), (*norms, *found.projection_norms)
    return replace(found, forward_passes=passes, embeddings=together[0], projection_norms=together[1])


def send_references(request: SaliencyRequest, device: str) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return a request's reference embeddings (reference, D) and condition masks, if it has any, on a device."""
    masks_kd = request.condition_masks_kd
    return send(request.reference_embeddings_kd, device), None if masks_kd is None else send(masks_kd, device)


def perturbed_scores(
    embeddings_nd: torch.Tensor, references_kd: torch.Tensor, conditions_kd: torch.Tensor | None
) -> PerturbedScores:
    """Return scores (mask, reference) of the perturbed query against each reference, on their device, not checked yet.

    Where there are condition masks, each score is taken under its reference's condition; the embeddings are the same
    for all of them.
    """
    if conditions_kd is None:
        return PerturbedScores(embeddings_nd @ references_kd.T, 0, (embeddings_nd,))
    norms_nk = projected_norms(embeddings_nd, conditions_kd)
    scores_nk = projected_products(embeddings_nd, references_kd, conditions_kd) / norms_nk
    return PerturbedScores(scores_nk, 0, (embeddings_nd,), (norms_nk,))


def mean_perturbed_references(
    embeddings_kmd: torch.Tensor, conditions_kd: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return float32 (reference, D), the mean of each reference's embeddings under all masks, and what it divided by.

    Each embedding is projected by its reference's condition, if there is one, and made unit norm before the mean is
    taken; the mean itself is not. So its dot product with a query's unit embedding is the mean score of the query
    against the masked references.

    Args:
        embeddings_kmd: float32 (reference, mask, D) unit norm.
        conditions_kd: float32 (reference, D) mask of each reference's condition, or None.
    """
    embeddings_kmd = embeddings_kmd.double()
    if conditions_kd is not None:
        embeddings_kmd = embeddings_kmd * conditions_kd[:, None]
    # Of unit norm without a condition, but for rounding, which is not to change what it was.
    norms_km1 = torch.linalg.vector_norm(embeddings_kmd, dim=2, keepdim=True)
    if conditions_kd is not None:
        embeddings_kmd = embeddings_kmd / norms_km1
    return embeddings_kmd.mean(dim=1).float(), norms_km1


def _embed_images(scorer: SimilarityScorer, pixels_bhwc: np.ndarray, masks: MaskSource, fill: Fill) -> torch.Tensor:
    """Return float32 unit-norm embeddings (image, mask, D), not checked yet."""
    batches = _masked_batches(scorer, pixels_bhwc, masks, fill)
    shape = (len(pixels_bhwc), len(masks))
    return scorer.launch_batches(batches).unflatten(0, shape)  # type: ignore[no-any-return, no-untyped-call]


def _masked_batches(
    scorer: SimilarityScorer, pixels_bhwc: np.ndarray, masks: MaskSource, fill: Fill
) -> Iterator[torch.Tensor]:
    """Yield normalised images (image and mask, 3, y, x), all masks of an image before the next.

    All batches but the last are full: one goes on with the next image's masks where an image's end.
    """
    images, height, width, channels = pixels_bhwc.shape
    images_bhv = _normalised_rows(pixels_bhwc, scorer.device)
    removed_bhv = _removed_rows(pixels_bhwc, fill, scorer.device)
    for start in range(0, images * len(masks), scorer.batch_size):
        stop = min(start + scorer.batch_size, images * len(masks))
        pieces = []
        for image in range(start // len(masks), (stop - 1) // len(masks) + 1):
            first = max(start - image * len(masks), 0)
            last = min(stop - image * len(masks), len(masks))
            rendered = masks.render(first, last, scorer.device, channels)
            pieces.append(_mix(rendered, images_bhv[image], None if removed_bhv is None else removed_bhv[image]))
        masked = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        yield masked.view(-1, height, width, channels).permute(0, 3, 1, 2)


def _mix(masks_nhv: torch.Tensor, image_hv: torch.Tensor, removed_hv: torch.Tensor | None) -> torch.Tensor:
    """Return the image where masks are 1 and what removed pixels become where they are 0, in the masks' memory."""
    if removed_hv is None:
        return masks_nhv.mul_(image_hv)
    # Exactly one of the two at weights 0 and 1.
    return torch.lerp(removed_hv, image_hv, masks_nhv, out=masks_nhv)


def _removed_rows(pixels_bhwc: np.ndarray, fill: Fill, device: str) -> torch.Tensor | None:
    """Return what removed pixels of each image become, normalised; None for the mean colour, which is 0."""
    if fill == MEAN:
        return None
    return _normalised_rows(np.stack([removed_pixels(fill, pixels_hwc) for pixels_hwc in pixels_bhwc]), device)


def _normalised_rows(pixels_bhwc: np.ndarray, device: str) -> torch.Tensor:
    """Return normalised images (image, y, x * channel).

    Channels interleaved in one long row: broadcasting over a last axis of 3 would cost a third of a small network.
    """
    images, height, width, channels = pixels_bhwc.shape
    return normalise_pixels(pixels_bhwc, device).permute(0, 2, 3, 1).reshape(images, height, width * channels)


def _kept(embeddings_nd: np.ndarray, masks: MaskSource, device: str) -> torch.Tensor:
    if embeddings_nd.ndim != 2 or len(embeddings_nd) != len(masks):
        raise BadSetting(
            expected=f"perturbed embeddings (mask, D) of {len(masks)} masks",
            found=f"shape {embeddings_nd.shape}",
            where="a saliency request",
            remedy="make them with the settings of the generator that reads them",
        )
    # Their norms lost a little when they were rounded to half precision.
    return torch.nn.functional.normalize(send(embeddings_nd, device).float(), dim=1)
