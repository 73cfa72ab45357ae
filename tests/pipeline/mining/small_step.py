"""A step of mining small enough for finite differences: a tiny float64 network with batch norms, and ten images."""

import numpy as np
import torch
from torch import nn

from pipeline.mining import step
from pipeline.mining.attention import attended_layer
from pipeline.mining.pair_classifier import build_pair_classifier
from pipeline.mining.spec import MiningSpec, MiningWeights
from pipeline.mining.step import MinedModel, StepLosses

WEIGHTS = MiningWeights(gamma=0.5, alpha=6.0, beta=0.4)
CLASSES = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
MARGIN = 0.3
LAYER = "0"


def tiny_network(seed: int = 0) -> nn.Module:
    """Return a float64 network of 12 px images in training mode; without a bias in the last layer maps are not 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        trunk = nn.Sequential(
            nn.Conv2d(3, 5, 3, 2, 1),
            nn.BatchNorm2d(5),
            nn.ReLU(),
            nn.Conv2d(5, 6, 3, 1, 1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
        )
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4, bias=False))
        return nn.Sequential(trunk, head).double().train()


def tiny_images(seed: int = 1) -> torch.Tensor:
    """Return float64 images (image, 3, 12, 12)."""
    return torch.tensor(np.random.default_rng(seed).normal(size=(len(CLASSES), 3, 12, 12)))


def mining_spec(loss: str = "triplet", form: str = "printed", maps: str = "similarity_attention") -> MiningSpec:
    """Return settings with a single candidate, WEIGHTS."""
    weight = 0.25 if maps == "grad_cam" else 0.0
    return MiningSpec(loss, form, maps, None, weight, (WEIGHTS,))


def mined_model(network: nn.Module, spec: MiningSpec) -> MinedModel:
    """Return the network as a training with these settings would hold it."""
    layer = attended_layer(network, spec.layer, tiny_images()[:2]) if spec.mines else None
    classifier = build_pair_classifier(4, 0).double() if spec.classification_weight else None
    network.train()
    return MinedModel(network, classifier, layer, spec.maps == "grad_cam")


def losses(network: nn.Module, spec: MiningSpec, module: object = step) -> StepLosses:
    """Return the losses of the ten images."""
    found: StepLosses = module.step_losses(  # type: ignore[attr-defined]
        mined_model(network, spec), spec, WEIGHTS, MARGIN, (tiny_images(), CLASSES)
    )
    return found
