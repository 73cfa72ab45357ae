"""The loss of one training step: metric loss, classification, and mining of erased images (SAM, equation 6)."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from pipeline.mining.attention import AttendedLayer, attention_maps, grad_cam_maps, watched
from pipeline.mining.batch_norms import running_statistics_kept
from pipeline.mining.erasing import erased
from pipeline.mining.losses import mining_loss
from pipeline.mining.pair_classifier import classification_loss, true_class_scores
from pipeline.mining.spec import MiningSpec, MiningWeights
from pipeline.mining.tuples import disjoint_tuples
from pipeline.similarity.metric_losses import metric_loss
from pipeline.similarity.stripes import StripeClassifiers


@dataclass(frozen=True)
class MinedModel:
    """What is trained.

    Attributes:
        network: images to embeddings, not normalised.
        classifier: of pairs, None where there is no classification loss.
        layer: whose activations become maps, None where nothing is mined.
        maps_are_of_classifier: whether these are Grad-CAM maps of the classifier, not similarity attention.
        stripe_classifiers: of the loss "stripe_classification", else None.
    """

    network: nn.Module
    classifier: nn.Module | None
    layer: AttendedLayer | None
    maps_are_of_classifier: bool = False
    stripe_classifiers: StripeClassifiers | None = None


@dataclass(frozen=True)
class StepLosses:
    """The losses of a step, scalars.

    Attributes:
        total: what is minimised.
        metric: the metric loss, or that of the classifiers of stripes.
        mining: of erased images, before gamma; 0 where nothing is mined.
        classification: binary cross-entropy, before its weight; 0 where there is none.
    """

    total: torch.Tensor
    metric: torch.Tensor
    mining: torch.Tensor
    classification: torch.Tensor


def step_losses(
    model: MinedModel, spec: MiningSpec, weights: MiningWeights, margin: float, batch: tuple[torch.Tensor, torch.Tensor]
) -> StepLosses:
    """Return the losses of a batch; a batch without a tuple has a mining loss of 0.

    Args:
        model: in training mode.
        spec: loss, form and maps.
        weights: gamma, alpha and beta.
        margin: of the metric loss.
        batch: normalised images (image, 3, y, x) and their classes, int64 on the same device.
    """
    images_nchw, classes_n = batch
    seen: list[torch.Tensor] = []
    if model.layer is None:
        raw_nd = model.network(images_nchw)
    else:
        with watched(model.layer.module) as seen:
            raw_nd = model.network(images_nchw)
    features_nd = functional.normalize(raw_nd, dim=1)
    if model.stripe_classifiers is None:
        metric = metric_loss(spec.loss, features_nd, classes_n, margin)
    else:
        metric = model.stripe_classifiers.loss(raw_nd, classes_n)
    total, nothing = metric, metric.new_zeros(())
    classification, mining = nothing, nothing
    if model.classifier is not None:
        triplets_tk = _tuples(features_nd, classes_n, 1)
        if len(triplets_tk):
            classification = classification_loss(model.classifier, features_nd[triplets_tk])
            total = total + spec.classification_weight * classification
    if model.layer is not None:
        tuples_tk = _tuples(features_nd, classes_n, spec.images_of_a_tuple - 2)
        if len(tuples_tk):
            native_nhw = _native_maps(model, model.layer, features_nd, seen[0], tuples_tk)
            mining = _mining_loss(model, spec, weights, images_nchw[tuples_tk.flatten()], native_nhw)
            total = total + weights.gamma * mining
    return StepLosses(total, metric, mining, classification)


def _tuples(features_nd: torch.Tensor, classes_n: torch.Tensor, negatives: int) -> torch.Tensor:
    distances_nn = torch.cdist(features_nd.detach(), features_nd.detach()).cpu().numpy()
    tuples_tk = disjoint_tuples(distances_nn, classes_n.cpu().numpy(), negatives)
    return torch.tensor(tuples_tk, device=features_nd.device)


def _native_maps(
    model: MinedModel, layer: AttendedLayer, features_nd: torch.Tensor, output: torch.Tensor, tuples_tk: torch.Tensor
) -> torch.Tensor:
    if model.classifier is not None and model.maps_are_of_classifier:
        scores = partial(true_class_scores, model.classifier)
        return grad_cam_maps(features_nd, output, layer, tuples_tk, scores)
    return attention_maps(features_nd, output, layer, tuples_tk)


def _mining_loss(
    model: MinedModel, spec: MiningSpec, weights: MiningWeights, images_nchw: torch.Tensor, native_nhw: torch.Tensor
) -> torch.Tensor:
    """Return the mining loss of the tuples' images, which pass the same network once more, erased."""
    with running_statistics_kept(model.network):
        raw_nd = model.network(erased(images_nchw, native_nhw, weights))
    features_nd = functional.normalize(raw_nd, dim=1)
    return mining_loss(features_nd.reshape(-1, spec.images_of_a_tuple, features_nd.shape[1]), spec.form)
