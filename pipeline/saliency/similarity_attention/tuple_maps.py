"""Similarity attention of every image of a tuple (SAM, section 3.1): all of them share w, each has a map of its own.

The generator of this folder makes maps of queries against embeddings; here all images are given, so that the reference
or the positive and the negatives get maps, too, and pairs of two classes can be explained: why they differ.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from pipeline.errors import BadSetting
from pipeline.images import normalise_pixels
from pipeline.saliency.gradients.feature_maps import feature_map_layout
from pipeline.saliency.gradients.layers import find_layer, not_a_layer
from pipeline.saliency.gradients.watched_layer import describe_outputs, watched_layer
from pipeline.saliency.similarity_attention.tuple_weights import tuple_weights
from pipeline.similarity.scorer import SimilarityScorer, unit_vectors

NAME = "similarity_attention"


@dataclass(frozen=True)
class TupleAttention:
    """Maps of the images of tuples.

    Attributes:
        display_tkhw: float32 (tuple, image, y, x), 0 to 1, at the images' size.
        native_tkhw: float32 (tuple, image, y, x), 0 to 1, at the layer's resolution; the largest value of each is 1,
            or 0 where the map is negative everywhere.
        largest_tk: float64 (tuple, image), by which each was divided.
        weights_td: float32 (tuple, D): w, the weight of each feature.
    """

    display_tkhw: np.ndarray
    native_tkhw: np.ndarray
    largest_tk: np.ndarray
    weights_td: np.ndarray


def attention_of_tuples(
    scorer: SimilarityScorer, pixels_tkhwc: np.ndarray, layer: str | None = None, same_class: bool = True
) -> TupleAttention:
    """Return the maps of every image of every tuple, at one pass forward and a partial one backward an image.

    w is constant to the gradient, which passes through the normalisation of f, as in the generator's maps. Conditions
    of a type-aware model are not applied. Float32 whatever the scorer's precision.

    Args:
        scorer: the explained model, of this or of another dataset: images are all that it needs.
        pixels_tkhwc: uint8 (tuple, image, y, x, 3): first and second image (siamese), or anchor, positive and one
            (triplet) or two (quadruplet) negatives.
        layer: path of a submodule, None for the last feature map.
        same_class: False for pairs of two classes: w = |f1 - f2|, what tells them apart.

    Raises:
        BadSetting: see find_layer; the layer's output is no feature map that the embedding depends on by way of
            gradients; the tuples are not of 2 to 4 images; or triplets and quadruplets are said to be of two classes.
        BadModel: see unit_vectors.
    """
    tuples, size = pixels_tkhwc.shape[:2]
    _check_tuples(size, same_class)
    name, module = find_layer(scorer.network, layer, NAME)
    # Whole tuples to a batch.
    step = max(scorer.batch_size // size, 1)
    parts = [
        _batch(scorer, pixels_tkhwc[start : start + step], (name, module), same_class)
        for start in range(0, tuples, step)
    ]
    return TupleAttention(*(np.concatenate([part[field] for part in parts]) for field in range(4)))


def _check_tuples(size: int, same_class: bool) -> None:
    if 2 <= size <= 4 and (same_class or size == 2):
        return
    raise BadSetting(
        expected="2 to 4 images of a tuple; where they are of two classes, 2",
        found=f"{size} images, {'one class' if same_class else 'two classes'}",
        where="attention_of_tuples",
        remedy="give pairs, triplets (anchor, positive, negative) or quadruplets (with two negatives)",
    )


def _batch(
    scorer: SimilarityScorer, pixels_tkhwc: np.ndarray, named: tuple[str, torch.nn.Module], same_class: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the four arrays of TupleAttention for some tuples."""
    (name, module), (tuples, size) = named, pixels_tkhwc.shape[:2]
    images_nchw = normalise_pixels(pixels_tkhwc.reshape(-1, *pixels_tkhwc.shape[2:]), scorer.device)
    with torch.enable_grad(), watched_layer(scorer.network, module) as seen:
        raw_nd = scorer.network(images_nchw)
        with torch.no_grad():
            unit_vectors(raw_nd, len(images_nchw))
        to_maps = feature_map_layout(seen[0], module) if len(seen) == 1 and len(seen[0]) == len(raw_nd) else None
        if to_maps is None:
            raise not_a_layer(scorer.network, f"{name!r} with {describe_outputs(seen)}", NAME)
        features_nd = functional.normalize(raw_nd.float(), dim=1)
        weights_td = tuple_weights(features_nd.detach().reshape(tuples, size, -1), same_class)
        of_features_nd = weights_td.repeat_interleave(size, dim=0)
        gradients = None
        if features_nd.requires_grad:
            # Images do not meet within the network, so one backward pass serves all.
            gradients = torch.autograd.grad(features_nd, seen[0], of_features_nd, allow_unused=True)[0]
        if gradients is None:
            raise not_a_layer(scorer.network, f"{name!r}, on which the embedding does not depend", NAME)
    alphas_nc = to_maps(gradients).mean(dim=(2, 3))
    native_nhw = torch.relu(torch.einsum("nc,nchw->nhw", alphas_nc, to_maps(seen[0].detach()))).float()
    largest_n = native_nhw.amax(dim=(1, 2))
    scaled_nhw = native_nhw / torch.where(largest_n > 0, largest_n, 1)[:, None, None]
    side = pixels_tkhwc.shape[2:4]
    display_nhw = functional.interpolate(scaled_nhw[:, None], size=side, mode="bilinear", align_corners=False)[:, 0]
    shaped = [
        one.reshape(tuples, size, *one.shape[1:]).cpu().numpy() for one in (display_nhw, scaled_nhw, largest_n.double())
    ]
    return shaped[0], shaped[1], shaped[2], weights_td.cpu().numpy()
