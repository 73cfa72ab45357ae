"""An embedding as the sum of what each cell of the last feature map gives to it.

e_u = sum_c (d f / d A_cu) A_cu + b / |U| over the cells u and channels c of a layer's output A; b is the embedding
without activations. For a head of average pooling and a linear map this is W A_u / |U| + b / |U| (Stylianou et al.,
2019; Zhu et al., 2021). For maximum pooling a channel counts where its maximum is, in equal parts where several cells
have it. Whatever the head, the cells are summed and compared with the embedding, and refused where they differ. Other
heads that pass are those whose embedding is a sum as well, such as generalised means, or blocks of rectifiers and
convolutions without any constant.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from pipeline.errors import BadSetting
from pipeline.images import normalise_pixels
from pipeline.saliency.gradients.feature_maps import ToMaps, feature_map_layout
from pipeline.saliency.gradients.layers import find_layer, not_a_layer
from pipeline.saliency.gradients.watched_layer import describe_outputs, watched_layer
from pipeline.similarity.scorer import SimilarityScorer, unit_vectors

NAME = "activation_decomposition"
# Of the sum of all terms' absolute values; rounding of float32 and of shortened products stays well below.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Decomposition:
    """A batch's embeddings with what they are made of, on the scorer's device.

    Attributes:
        layer: its name, for messages.
        raw_qd: (image, D) embeddings, not normalised, with their graph back to the layer.
        output: of the layer.
        to_maps: turns the output into (image, channel, y, x).
        bias_d: (D,) the embedding without activations.
    """

    layer: str
    raw_qd: torch.Tensor
    output: torch.Tensor
    to_maps: ToMaps
    bias_d: torch.Tensor

    def along(self, directions_qd: torch.Tensor) -> torch.Tensor:
        """Return what each cell gives to the dot product of an image's raw embedding and a direction of its own.

        Args:
            directions_qd: float32 (image, D).

        Returns:
            float64 (image, y, x); they sum to the dot product.

        Raises:
            BadSetting: they do not, so that the embedding is no sum over the layer's cells.
        """
        [gradient] = torch.autograd.grad(self.raw_qd, self.output, directions_qd, retain_graph=True, allow_unused=True)
        if gradient is None:
            raise _not_a_sum(self.layer, "nothing of the embedding comes by way of it")
        terms_qcyx = self.to_maps(gradient).double() * self.to_maps(self.output.detach()).double()
        from_bias_q = directions_qd.double() @ self.bias_d.double()
        cells_qyx = terms_qcyx.sum(dim=1)
        cells_qyx = cells_qyx + from_bias_q[:, None, None] / cells_qyx[0].numel()
        wanted_q = (self.raw_qd.detach().double() * directions_qd.double()).sum(dim=1)
        scale_q = terms_qcyx.abs().sum(dim=(1, 2, 3)) + from_bias_q.abs() + wanted_q.abs()
        apart_q = (cells_qyx.sum(dim=(1, 2)) - wanted_q).abs()
        # A gradient that is NaN recomposes nothing either.
        if not bool((apart_q <= TOLERANCE * scale_q).all()):
            worst = float((apart_q / scale_q.clamp_min(1e-30)).max())
            raise _not_a_sum(self.layer, f"they differ from it by {worst:.1%} of the sum of their absolute values")
        return cells_qyx


def cell_embeddings(scorer: SimilarityScorer, pixels_nhwc: np.ndarray, layer: str | None = None) -> np.ndarray:
    """Return what each cell of images gives to their raw embeddings, float64 (image, y, x, D); y and x of the layer.

    Summed over y and x they are the embeddings before normalisation, of which the D partial backward passes, from the
    embedding to the layer, each give one coordinate. One pass an image, and one to see what the head adds by itself.
    Network and gradients are float32 whatever the scorer's precision.

    Args:
        scorer: the explained model.
        pixels_nhwc: uint8 (image, y, x, 3).
        layer: path of a submodule; None for the last feature map, see find_layer.

    Raises:
        BadSetting: see find_layer; the layer's output is no feature map; or the embedding is no sum over its cells.
        BadModel: the network returns the wrong shape, NaN, infinity or a zero vector.
    """
    name, module = find_layer(scorer.network, layer, NAME)
    bias_d = embedding_without_activations(scorer, name, module, pixels_nhwc[:1])
    found = []
    for start in range(0, len(pixels_nhwc), scorer.batch_size):
        made = decompose(scorer, name, module, pixels_nhwc[start : start + scorer.batch_size], bias_d)
        found.append(torch.stack(list(_coordinates(made)), dim=3).cpu().numpy())
    cells: np.ndarray = np.concatenate(found)
    return cells


def embedding_without_activations(
    scorer: SimilarityScorer, name: str, layer: nn.Module, pixels_1hwc: np.ndarray
) -> torch.Tensor:
    """Return the raw embedding (D,) of a network whose layer puts out zeros: what its head adds by itself.

    Args:
        scorer: the explained model.
        name: of the layer, for messages.
        layer: whose output is replaced.
        pixels_1hwc: uint8 (1, y, x, 3), any image; it passes, and plays no other part.

    Raises:
        BadSetting: the layer's output is no tensor.
    """

    def nothing(_layer: nn.Module, _inputs: object, output: object) -> torch.Tensor:
        if not isinstance(output, torch.Tensor):
            raise not_a_layer(scorer.network, f"{name!r} with no output that is a tensor", NAME)
        return torch.zeros_like(output)

    handle = layer.register_forward_hook(nothing)
    try:
        with torch.no_grad():
            raw: torch.Tensor = scorer.network(normalise_pixels(pixels_1hwc, scorer.device))
    finally:
        handle.remove()
    return raw[0].float()


def decompose(
    scorer: SimilarityScorer, name: str, layer: nn.Module, pixels_nhwc: np.ndarray, bias_d: torch.Tensor
) -> Decomposition:
    """Pass one batch of images and return what their embeddings are made of.

    Args:
        scorer: the explained model.
        name: of the layer, for messages.
        layer: of whose cells the embedding is a sum.
        pixels_nhwc: uint8 (image, y, x, 3).
        bias_d: see embedding_without_activations.

    Raises:
        BadSetting: the layer's output is no feature map, or the embedding does not depend on it.
        BadModel: see unit_vectors.
    """
    images_nchw = normalise_pixels(pixels_nhwc, scorer.device)
    with torch.enable_grad(), watched_layer(scorer.network, layer) as seen:
        raw_qd = scorer.network(images_nchw)
    with torch.no_grad():
        unit_vectors(raw_qd, len(pixels_nhwc))
    to_maps = feature_map_layout(seen[0], layer) if len(seen) == 1 and len(seen[0]) == len(pixels_nhwc) else None
    if to_maps is None:
        raise not_a_layer(scorer.network, f"{name!r} with {describe_outputs(seen)}", NAME)
    if not raw_qd.requires_grad:
        raise _not_a_sum(name, "nothing of the embedding comes by way of it")
    return Decomposition(name, raw_qd.float(), seen[0], to_maps, bias_d)


def _coordinates(made: Decomposition) -> Iterator[torch.Tensor]:
    for coordinate in range(made.raw_qd.shape[1]):
        directions_qd = torch.zeros_like(made.raw_qd)
        directions_qd[:, coordinate] = 1
        yield made.along(directions_qd)


def _not_a_sum(layer: str, found: str) -> BadSetting:
    return BadSetting(
        expected="an embedding that is the sum of what the layer's cells and a constant give to it: average or maximum "
        "pooling and a linear map after the layer, and no normalisation within the network",
        found=f"layer {layer!r}: {found}",
        where=f"[saliency.{NAME}] layer",
        remedy="name the layer that is pooled, or leave this generator out: grad_cam and rise need no such head",
    )
