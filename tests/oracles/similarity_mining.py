"""Similarity mining by plain loops in float64 (SAM, sections 3.1 and 3.2, equations 2 to 6).

Maps come from one backward pass per image, without a graph of gradients; losses are summed image by image.
"""

import copy
from collections.abc import Sequence
from math import exp, sqrt

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Euclidean distance of two vectors."""
    return sqrt(sum((float(a) - float(b)) ** 2 for a, b in zip(one, other, strict=True)))


def equation_3(anchor: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the mining loss of a triplet."""
    return distance(anchor, positive) - distance(anchor, negative)


def equation_4(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mining loss of a pair of one class."""
    return -distance(first, second)


def mining_loss(tuples: Sequence[Sequence[np.ndarray]], form: str) -> float:
    """Return the mean over tuples of erased images' embeddings."""
    total = 0.0
    for members in tuples:
        anchor, positive, *negatives = members
        if negatives:
            # Equation 5: a quadruplet is two triplets.
            terms = [equation_3(anchor, positive, negative) for negative in negatives]
        else:
            terms = [equation_4(anchor, positive)]
        for term in terms:
            total += {"printed": term, "negated": -term, "absolute": abs(term)}[form]
    return total / len(tuples)


def weights(members: Sequence[np.ndarray]) -> list[float]:
    """Return w of a tuple: anchor and positive of one class, then negatives."""
    anchor, positive, *negatives = members
    found = []
    for feature in range(len(anchor)):
        weight = 1 - abs(float(anchor[feature]) - float(positive[feature]))
        for negative in negatives:
            weight *= abs(float(anchor[feature]) - float(negative[feature]))
        found.append(weight)
    return found


def attention_maps(network: nn.Module, layer: str, images: torch.Tensor, tuples: np.ndarray) -> list[np.ndarray]:
    """Return the native map of every image of every tuple, in their order; the network is left as it was."""
    exact = copy.deepcopy(network)
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        output.retain_grad()
        kept.append(output)
        return output.clone()

    exact.get_submodule(layer).register_forward_hook(keep)
    raw = exact(images)
    unit = raw / raw.square().sum(dim=1, keepdim=True).sqrt()
    maps = []
    for members in tuples:
        shared = weights([unit[image].detach().numpy() for image in members])
        for image in members:
            kept[0].grad = None
            score = sum(weight * feature for weight, feature in zip(shared, unit[image], strict=True))
            score.backward(retain_graph=True)
            assert kept[0].grad is not None
            gradient, activations = kept[0].grad[image].numpy(), kept[0].detach()[image].numpy()
            total = np.zeros(activations.shape[1:])
            for channel in range(len(activations)):
                total += gradient[channel].sum() / gradient[channel].size * activations[channel]
            maps.append(np.where(total > 0, total, 0))
    return maps


def erased(image_chw: np.ndarray, native_hw: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    """Return x (1 - sigmoid(alpha (M - beta))), the map divided by its largest value and enlarged."""
    scaled = native_hw / native_hw.max() if native_hw.max() > 0 else native_hw
    grid = torch.tensor(scaled)[None, None]
    size = image_chw.shape[1:]
    enlarged = functional.interpolate(grid, size=size, mode="bilinear", align_corners=False)[0, 0].numpy()
    result = np.empty_like(image_chw)
    for y in range(size[0]):
        for x in range(size[1]):
            erased_share = 1 / (1 + exp(-alpha * (enlarged[y, x] - beta)))
            result[:, y, x] = image_chw[:, y, x] * (1 - erased_share)
    return result


def mining_part(
    network: nn.Module,
    layer: str,
    images: torch.Tensor,
    tuples: np.ndarray,
    form: str,
    alpha: float,
    beta: float,
) -> float:
    """Return the mining loss of a batch of float64 images (image, 3, y, x), from the network as it is."""
    maps = attention_maps(network, layer, images, tuples)
    members = [int(image) for image in tuples.flatten()]
    left = [erased(images[image].numpy(), native, alpha, beta) for image, native in zip(members, maps, strict=True)]
    with torch.no_grad():
        raw = copy.deepcopy(network)(torch.tensor(np.stack(left))).numpy()
    unit = [row / sqrt(sum(value**2 for value in row)) for row in raw]
    size = tuples.shape[1]
    return mining_loss([unit[start : start + size] for start in range(0, len(unit), size)], form)


def quadruplet_loss(embeddings: np.ndarray, quadruplets: Sequence[Sequence[int]], margin: float) -> float:
    """Return the second term of the quadruplet loss (Chen et al., 2017): of those above 0, the mean."""
    terms = []
    for anchor, positive, first, second in quadruplets:
        within = distance(embeddings[anchor], embeddings[positive])
        between = distance(embeddings[first], embeddings[second])
        terms.append(max(within - between + margin, 0.0))
    above = [term for term in terms if term > 0]
    return sum(above) / max(len(above), 1)
