"""Maps of queries by activation decomposition (Stylianou et al., 2019; Zhu et al., 2021)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from pipeline.saliency.activation_decomposition.cells import (
    NAME,
    Decomposition,
    cell_embeddings,
    decompose,
    embedding_without_activations,
)
from pipeline.saliency.activation_decomposition.declaration import CHECKED_IMAGES, DecompositionSpec
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.gradients.layers import find_layer
from pipeline.similarity.conditions import check_norms
from pipeline.similarity.scorer import SimilarityScorer


def build_activation_decomposition(
    spec: DecompositionSpec, scorer: SimilarityScorer, image_size_px: int, _mode: str = FIXED
) -> SaliencyGenerator:
    """Return the generator of maps of queries.

    map_u = e_u . r / |f|, the part of the score that comes from cell u of the query: the sum over all cells of the
    reference of e_u . e_v / (|f| |f_r|). So a native map sums to the score; cells that speak against the match are
    negative. Under a condition e_u and f are projected by its mask. Display maps are the native ones, enlarged
    bilinearly (half-pixel centres). Cost: one pass a query and one a group, whatever the number of references; the
    partial backward passes from embedding to layer are not counted. Network and gradients are float32.

    Raises:
        BadSetting: see find_layer. The generator itself raises BadSetting where the embedding is no sum over the
            layer's cells, and BadModel, see unit_vectors and check_norms.
    """
    name, layer = find_layer(scorer.network, spec.layer, NAME)

    def generate(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
        bias_d = embedding_without_activations(scorer, name, layer, requests[0].pixels_hwc[None])
        results: list[SaliencyMaps] = []
        for start in range(0, len(requests), scorer.batch_size):
            batch = requests[start : start + scorer.batch_size]
            pixels_nhwc = np.stack([request.pixels_hwc for request in batch])
            made = decompose(scorer, name, layer, pixels_nhwc, bias_d)
            results += _maps_of_batch(made, batch, image_size_px)
        return [replace(results[0], forward_passes=1), *results[1:]]

    return generate


def check_model(spec: DecompositionSpec, scorer: SimilarityScorer, pixels_nhwc: np.ndarray) -> None:
    """Refuse a model whose embedding is no sum over the layer's cells; it passes as many images as declared.

    Raises:
        BadSetting, BadModel: see cell_embeddings.
    """
    # Twice the same where a dataset has a single image.
    cell_embeddings(scorer, np.resize(pixels_nhwc, (CHECKED_IMAGES, *pixels_nhwc.shape[1:])), spec.layer)


def _maps_of_batch(made: Decomposition, batch: Sequence[SaliencyRequest], image_size_px: int) -> list[SaliencyMaps]:
    directions = [_directions(request, raw_d) for request, raw_d in zip(batch, made.raw_qd.detach(), strict=True)]
    natives: list[list[torch.Tensor]] = [[] for _ in batch]
    for slot in range(max(len(directions_kd) for directions_kd in directions)):
        # Queries do not meet within the network, so one backward pass serves one reference of each.
        rows = [query for query, directions_kd in enumerate(directions) if slot < len(directions_kd)]
        directions_qd = torch.zeros_like(made.raw_qd)
        for query in rows:
            directions_qd[query] = directions[query][slot]
        cells_qyx = made.along(directions_qd)
        for query in rows:
            natives[query].append(cells_qyx[query])
    return [_as_maps(torch.stack(native), image_size_px) for native in natives]


def _directions(request: SaliencyRequest, raw_d: torch.Tensor) -> torch.Tensor:
    """Return float32 (reference, D): the dot product of the raw embedding with each is the pair's score."""
    references_kd = torch.tensor(request.reference_embeddings_kd, device=raw_d.device)
    masks_kd = torch.ones_like(references_kd)
    if request.condition_masks_kd is not None:
        masks_kd = torch.tensor(request.condition_masks_kd, device=raw_d.device)
    norms_k1 = torch.linalg.vector_norm(raw_d * masks_kd, dim=1, keepdim=True)
    check_norms(norms_k1 / torch.linalg.vector_norm(raw_d))
    directions_kd: torch.Tensor = masks_kd * references_kd / norms_k1
    return directions_kd


def _as_maps(native_kyx: torch.Tensor, image_size_px: int) -> SaliencyMaps:
    native = native_kyx.float()
    size = (image_size_px, image_size_px)
    display = functional.interpolate(native[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
    return SaliencyMaps(display.cpu().numpy(), native.cpu().numpy(), gradient_passes=1)
