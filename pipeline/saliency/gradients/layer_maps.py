"""Maps from one convolutional layer: its channels, weighted by how the score follows each of them, and rectified.

alpha_k = mean over space of d score / d A_k; map = relu(sum_k alpha_k A_k), A the layer's activations for the query.
Each map is divided by its largest value, which is kept as a note: maps of large layers and of quadruplets are so small
(1e-5) that half precision would leave few levels of them. A map that is negative everywhere is all 0, as is its note.
Cost: one forward pass a query. The backward passes, one per reference, run from the embedding to the layer alone (over
the pooling and a linear map, for the last feature map) and serve all queries of a batch at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from pipeline.errors import BadModel, BadSetting
from pipeline.images import normalise_pixels
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest, required
from pipeline.saliency.gradients.feature_maps import ToMaps, feature_map_layout
from pipeline.saliency.gradients.layers import find_layer, not_a_layer
from pipeline.saliency.gradients.watched_layer import describe_outputs, watched_layer
from pipeline.similarity.conditions import check_norms
from pipeline.similarity.scorer import SimilarityScorer, unit_vectors

# Takes, per pair, unit-norm embeddings of query (pair, D), reference (pair, D) and negatives (pair, negative, D),
# projected where there are conditions; returns scores (pair,).
PairScores = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]


@dataclass(frozen=True)
class LayerScore:
    """What is explained, and where.

    Attributes:
        generator: its name, for messages.
        layer: path of a submodule, None for the last feature map.
        pair_scores: of which the gradient is taken.
        negatives: how many each pair needs.
    """

    generator: str
    layer: str | None
    pair_scores: PairScores
    negatives: int = 0


def build_layer_maps(score: LayerScore, scorer: SimilarityScorer, image_size_px: int) -> SaliencyGenerator:
    """Return the generator.

    Native maps have the layer's resolution; display maps are these, enlarged bilinearly. A query counts as one
    gradient pass, however many references: it goes forward once, and the partial backward passes are not counted.
    Network and gradients are float32 whatever the scorer's precision.

    Raises:
        BadSetting: see find_layer. The generator itself raises BadSetting where the layer's output is no feature map
            that the embedding depends on, or a request lacks negatives; BadModel, see unit_vectors.
    """
    name, layer = find_layer(scorer.network, score.layer, score.generator)

    def generate(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
        results: list[SaliencyMaps] = []
        for start in range(0, len(requests), scorer.batch_size):
            batch = requests[start : start + scorer.batch_size]
            images_nchw = normalise_pixels(np.stack([request.pixels_hwc for request in batch]), scorer.device)
            with torch.enable_grad(), watched_layer(scorer.network, layer) as seen:
                raw_qd = scorer.network(images_nchw)
            with torch.no_grad():
                unit_vectors(raw_qd, len(batch))
            raw_qd = raw_qd.float()
            to_maps = feature_map_layout(seen[0], layer) if len(seen) == 1 and len(seen[0]) == len(batch) else None
            if to_maps is None:
                raise not_a_layer(scorer.network, f"{name!r} with {describe_outputs(seen)}", score.generator)
            pairs = _collect_pairs(batch, score, scorer.device)
            directions_pd = _score_gradients(raw_qd.detach(), pairs, score)
            native_phw = _weighted_sums(raw_qd, seen[0], to_maps, directions_pd, pairs)
            if native_phw is None:
                found = f"{name!r}, on which the embedding does not depend, or not by way of gradients"
                raise not_a_layer(scorer.network, found, score.generator)
            results += _as_results(native_phw, pairs, len(batch), image_size_px)
        return results

    return generate


@dataclass(frozen=True)
class _Pairs:
    """The pairs of a batch: `slot` counts the references of a query."""

    query_p: torch.Tensor
    slot_p: torch.Tensor
    references_pd: torch.Tensor
    masks_pd: torch.Tensor | None
    negatives_pmd: torch.Tensor | None


def _collect_pairs(batch: Sequence[SaliencyRequest], score: LayerScore, device: str) -> _Pairs:
    counts = [len(request.reference_embeddings_kd) for request in batch]
    masks = [request.condition_masks_kd for request in batch if request.condition_masks_kd is not None]
    if masks and len(masks) != len(batch):
        raise BadModel(
            expected="condition masks in all requests of a group, or in none",
            found=f"{len(masks)} of {len(batch)} with masks",
            where=f"saliency generator {score.generator}",
            remedy="make requests of one similarity model",
        )
    negatives = None
    if score.negatives:
        negatives = torch.tensor(np.concatenate([_nearest_negatives(one, score) for one in batch]), device=device)
    return _Pairs(
        torch.tensor(np.repeat(np.arange(len(batch)), counts), device=device),
        torch.tensor(np.concatenate([np.arange(count) for count in counts]), device=device),
        torch.tensor(np.concatenate([request.reference_embeddings_kd for request in batch]), device=device),
        torch.tensor(np.concatenate(masks), device=device) if masks else None,
        negatives,
    )


def _nearest_negatives(request: SaliencyRequest, score: LayerScore) -> np.ndarray:
    # Triplets and quadruplets may be asked for together: both get as many as the latter need.
    given_kmd = required(request.negative_embeddings_kmd, "negative_embeddings_kmd", score.generator)
    if given_kmd.shape[1] < score.negatives:
        raise BadSetting(
            expected=f"{score.negatives} negatives for each reference",
            found=str(given_kmd.shape[1]),
            where=f"saliency generator {score.generator}, query {request.query_id}",
            remedy="give each SaliencyRequest as many as its mode contrasts with",
        )
    return given_kmd[:, : score.negatives]


def _score_gradients(raw_qd: torch.Tensor, pairs: _Pairs, score: LayerScore) -> torch.Tensor:
    """Return d score / d raw embedding of each pair, (pair, D), through the projection and the normalisation."""
    with torch.enable_grad():
        leaf_pd = raw_qd[pairs.query_p].requires_grad_()
        projected_pd = leaf_pd if pairs.masks_pd is None else leaf_pd * pairs.masks_pd
        check_norms(torch.linalg.vector_norm(projected_pd.detach(), dim=1) / torch.linalg.vector_norm(leaf_pd, dim=1))
        scores_p = score.pair_scores(
            functional.normalize(projected_pd, dim=1), pairs.references_pd, pairs.negatives_pmd
        )
        return torch.autograd.grad(scores_p.sum(), leaf_pd)[0]


def _weighted_sums(
    raw_qd: torch.Tensor, output: torch.Tensor, to_maps: ToMaps, directions_pd: torch.Tensor, pairs: _Pairs
) -> torch.Tensor | None:
    """Return the native maps (pair, y, x), None where the embedding does not depend on the layer's output."""
    activations_qchw = to_maps(output.detach())
    maps_phw = directions_pd.new_zeros(len(directions_pd), *activations_qchw.shape[2:])
    if not raw_qd.requires_grad:
        return None
    slots = int(pairs.slot_p.max()) + 1
    for slot in range(slots):
        rows = torch.nonzero(pairs.slot_p == slot).flatten()
        queries = pairs.query_p[rows]
        directions_qd = torch.zeros_like(raw_qd)
        directions_qd[queries] = directions_pd[rows]
        # Queries do not meet within the network, so one backward pass serves one reference of each.
        of_output: torch.Tensor | None = torch.autograd.grad(
            raw_qd, output, directions_qd, retain_graph=slot + 1 < slots, allow_unused=True
        )[0]
        if of_output is None:
            return None
        gradients = to_maps(of_output)
        alphas_qc = gradients.mean(dim=(2, 3))
        sums_qhw = torch.einsum("qc,qchw->qhw", alphas_qc, activations_qchw)
        maps_phw[rows] = torch.relu(sums_qhw[queries]).float()
    return maps_phw


def _as_results(native_phw: torch.Tensor, pairs: _Pairs, queries: int, image_size_px: int) -> list[SaliencyMaps]:
    size = (image_size_px, image_size_px)
    largest_p = native_phw.amax(dim=(1, 2))
    scaled_phw = native_phw / torch.where(largest_p > 0, largest_p, 1)[:, None, None]
    enlarged = functional.interpolate(scaled_phw[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
    display_phw, native = enlarged.cpu().numpy(), scaled_phw.cpu().numpy()
    query_p, largest = pairs.query_p.cpu().numpy(), largest_p.double().cpu().numpy()
    results = []
    for query in range(queries):
        own_p = query_p == query
        notes = {"largest_value": largest[own_p]}
        results.append(SaliencyMaps(display_phw[own_p], native[own_p], gradient_passes=1, notes=notes))
    return results
