"""The settings of a training with mining; needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from pipeline.mining.names import LOSSES, STRIPES
from pipeline.similarity.training.data import SimilarityTrainingSpec


@dataclass(frozen=True)
class MiningWeights:
    """One choice of what SAM, section 3.2, leaves to be searched.

    Attributes:
        gamma: weight of the mining loss beside the metric loss (equation 6); 0 where nothing is mined.
        alpha: steepness of the mask sigmoid(alpha (M - beta)).
        beta: value of a map, 0 to 1, at which half of a pixel is erased.
    """

    gamma: float
    alpha: float
    beta: float


@dataclass(frozen=True)
class MiningSpec:
    """What a training does besides minimising a metric loss.

    Attributes:
        loss: the metric loss, which is also the architecture: "contrastive" (siamese), "triplet" or "quadruplet";
            or "stripe_classification", whose network pools stripes and which has a classifier for each.
        form: "none" (nothing is mined), "printed", "negated" or "absolute": see mining_loss.
        maps: "similarity_attention" or "grad_cam", whose maps are erased.
        layer: submodule whose activations become maps, None for the last feature map.
        classification_weight: of the binary cross-entropy of "same class or not"; 0 for none.
        candidates: what is tried, in this order; the one with the best validation measure is kept.
    """

    loss: str
    form: str
    maps: str
    layer: str | None
    classification_weight: float
    candidates: tuple[MiningWeights, ...]

    @property
    def mines(self) -> bool:
        """Whether images are erased and passed a second time."""
        return self.form != "none"

    @property
    def images_of_a_tuple(self) -> int:
        """How many images of a tuple are erased together."""
        return LOSSES["triplet" if self.loss == STRIPES else self.loss]


def mining_candidates(mining: Mapping[str, Any]) -> tuple[MiningWeights, ...]:
    """Return every combination of the settings' gammas, alphas and betas; a single one where nothing is mined."""
    if mining["form"] == "none":
        return (MiningWeights(0.0, mining["alpha"][0], mining["beta"][0]),)
    return tuple(MiningWeights(*values) for values in product(mining["gamma"], mining["alpha"], mining["beta"]))


def mined_specs(settings: Mapping[str, Any]) -> tuple[SimilarityTrainingSpec, MiningSpec]:
    """Return the two halves of a training's spec from the settings of its stage: [similarity_model] with `mining`."""
    values = dict(settings)
    mining = dict(values.pop("mining"))
    # Batches and validation are those of triplets, whatever the loss.
    training = replace(SimilarityTrainingSpec(**values), objective="triplet")
    candidates = mining_candidates(mining)
    return training, MiningSpec(
        loss=values["objective"],
        form=mining["form"],
        maps=mining["maps"],
        layer=mining["layer"],
        classification_weight=mining["classification_weight"],
        candidates=candidates,
    )
