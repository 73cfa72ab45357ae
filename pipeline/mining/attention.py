"""Maps of a training step: gradients at a layer that are themselves part of the graph, so that maps can be learned by.

The layer is watched while the images pass, and its output stays connected to what is before it. Images of a batch meet
in the batch norms of a training pass: before a layer that is followed by none, as the last feature map, each map is
of its own image alone; before others, the little that an image changes the statistics of the batch is among it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from pipeline.errors import BadSetting
from pipeline.saliency.gradients.feature_maps import ToMaps, feature_map_layout
from pipeline.saliency.gradients.layers import find_layer, not_a_layer
from pipeline.saliency.gradients.watched_layer import describe_outputs
from pipeline.saliency.similarity_attention.tuple_weights import tuple_weights

WHERE = "similarity_model.mining.layer"
# Takes unit-norm embeddings (tuple, image, D), anchor and positive first; returns a score of each tuple, (tuple,).
TupleScores = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class AttendedLayer:
    """A layer whose activations become maps.

    Attributes:
        module: the layer.
        to_maps: what makes (image, channel, y, x) of its output.
    """

    module: nn.Module
    to_maps: ToMaps


def attended_layer(network: nn.Module, name: str | None, image_nchw: torch.Tensor) -> AttendedLayer:
    """Return the layer of this name, after a pass of an image or more has shown that maps can be made of it.

    Args:
        network: it is left in evaluation mode.
        name: a submodule's path, None for the last feature map.
        image_nchw: normalised images of the size that will be trained on.

    Raises:
        BadSetting: there is no such layer, its output has no extent in space, or the embedding does not depend on it.
    """
    try:
        found, module = find_layer(network, name, "similarity_attention")
    except BadSetting as error:
        raise _elsewhere(error) from error
    with torch.enable_grad(), watched(module) as seen:
        raw_nd = network.eval()(image_nchw)
    to_maps = feature_map_layout(seen[0], module) if len(seen) == 1 and len(seen[0]) == len(image_nchw) else None
    if to_maps is None or min(to_maps(seen[0]).shape[2:]) < 2:
        raise _elsewhere(not_a_layer(network, f"{found!r} with {describe_outputs(seen)}", "similarity_attention"))
    if torch.autograd.grad(raw_nd.sum(), seen[0], allow_unused=True)[0] is None:
        found = f"{found!r}, on which the embedding does not depend"
        raise _elsewhere(not_a_layer(network, found, "similarity_attention"))
    return AttendedLayer(module, to_maps)


def _elsewhere(error: BadSetting) -> BadSetting:
    """Return a layer's error with the key that names it here."""
    return BadSetting(expected=error.expected, found=error.found, where=WHERE, remedy=error.remedy)


@contextmanager
def watched(layer: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Collect the layer's outputs, connected to what is before and after them."""
    seen: list[torch.Tensor] = []

    def keep(_layer: nn.Module, _inputs: object, output: object) -> torch.Tensor | None:
        if not isinstance(output, torch.Tensor) or not output.is_floating_point():
            return None
        seen.append(output if output.requires_grad else output.requires_grad_())
        # A copy, because what follows may work in place.
        return seen[-1].clone()

    handle = layer.register_forward_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def attention_maps(
    features_nd: torch.Tensor, output: torch.Tensor, layer: AttendedLayer, tuples_tk: torch.Tensor
) -> torch.Tensor:
    """Return similarity attention of every image of every tuple, (tuple * image, y, x), from 0, with gradients.

    SAM, equation 2. w is constant to the gradient at the layer, as in the paper's w . f, but the maps follow the
    parameters through it as well: all operations up to the map are differentiated (section 3.2).

    Args:
        features_nd: unit-norm embeddings (image, D).
        output: the layer's, of the same pass.
        layer: it.
        tuples_tk: int64 positions of images; no image may be in two tuples.
    """
    weights_td = tuple_weights(features_nd[tuples_tk])
    images_of_a_tuple = tuples_tk.shape[1]
    of_features_nd = torch.zeros_like(features_nd).index_copy(
        0, tuples_tk.flatten(), weights_td.repeat_interleave(images_of_a_tuple, dim=0)
    )
    gradients = torch.autograd.grad(features_nd, output, of_features_nd, create_graph=True)[0]
    return _weighed_channels(gradients, output, layer, tuples_tk)


def grad_cam_maps(
    features_nd: torch.Tensor,
    output: torch.Tensor,
    layer: AttendedLayer,
    tuples_tk: torch.Tensor,
    tuple_scores: TupleScores,
) -> torch.Tensor:
    """Return Grad-CAM of the scores of tuples at every image, (tuple * image, y, x), from 0, with gradients.

    Args:
        features_nd: unit-norm embeddings (image, D).
        output: the layer's, of the same pass.
        layer: it.
        tuples_tk: int64 positions of images; no image may be in two tuples.
        tuple_scores: what the gradient is taken of.
    """
    scores_t = tuple_scores(features_nd[tuples_tk])
    gradients = torch.autograd.grad(scores_t.sum(), output, create_graph=True)[0]
    return _weighed_channels(gradients, output, layer, tuples_tk)


def _weighed_channels(
    gradients: torch.Tensor, output: torch.Tensor, layer: AttendedLayer, tuples_tk: torch.Tensor
) -> torch.Tensor:
    images = tuples_tk.flatten()
    alphas_nc = layer.to_maps(gradients)[images].mean(dim=(2, 3))
    activations_nchw = layer.to_maps(output)[images]
    return torch.relu(torch.einsum("nc,nchw->nhw", alphas_nc, activations_nchw))
