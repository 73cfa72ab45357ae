"""Attribute predictors built, restored and put to work on pixels.

Arrays or tensors in, arrays out; reads and writes no files.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pipeline.attributes.catalogue import HeadName
from pipeline.attributes.fashion_search_net import FashionSearchNet
from pipeline.attributes.networks import (
    GRID_CELLS,
    ActivationMapPredictor,
    AttributePredictor,
    FullyConnectedPredictor,
    Prediction,
)
from pipeline.errors import BadModel, BadSetting
from pipeline.images import normalise_pixels
from pipeline.networks import Trunk, build_trunk
from pipeline.randomness import derive_seed

# (logits (image, attribute), activation maps (image, attribute, cell, cell) or None), float32.
Predicted = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]


@dataclass(frozen=True)
class PredictorSpec:
    """Which network a predictor is.

    Attributes:
        backbone: name of a trunk.
        n_attributes: size of the vocabulary.
        head: "activation_maps" (`sane`, `classifier`), "fully_connected" (`classifier_fc`) or "regions"
            (`fashion_search_net`).
        region_threshold: for regions, see `region_weights`.

    Raises:
        BadSetting: no attributes, or a threshold outside 0 to 1.
    """

    backbone: str
    n_attributes: int
    head: HeadName = "activation_maps"
    region_threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.n_attributes < 1:
            raise BadSetting(
                expected="at least one attribute",
                found=f"{self.n_attributes}",
                where="attribute predictor",
                remedy="use a dataset with attribute labels",
            )
        if not 0 <= self.region_threshold <= 1:
            raise BadSetting(
                expected="a threshold from 0 to 1",
                found=f"region_threshold = {self.region_threshold}",
                where="attribute predictor",
                remedy="use the default, 0.5",
            )


def build_attribute_predictor(spec: PredictorSpec, pretrained: str | None, seed: int) -> AttributePredictor:
    """Return a predictor on the CPU whose fresh weights depend on the arguments alone.

    Torch's own random state is left as it was.

    Raises:
        BadSetting: an unknown backbone or name of pretrained weights.
    """
    heads: Mapping[HeadName, Callable[[Trunk, int], AttributePredictor]] = {
        "activation_maps": ActivationMapPredictor,
        "fully_connected": FullyConnectedPredictor,
        "regions": lambda trunk, n_attributes: FashionSearchNet(trunk, n_attributes, spec.region_threshold),
    }
    key = derive_seed(seed, spec.backbone, spec.n_attributes, "attribute predictor")
    with torch.random.fork_rng(devices=[]):
        # the CPU generator only: torch.manual_seed would reseed accelerators, which the fork does not restore
        torch.default_generator.manual_seed(key)
        return heads[spec.head](build_trunk(spec.backbone, pretrained), spec.n_attributes)


def restore_attribute_predictor(spec: PredictorSpec, state: Mapping[str, npt.NDArray[Any]]) -> AttributePredictor:
    """Return the predictor that `network_state` was taken from, in evaluation mode, on the CPU.

    Raises:
        BadModel: the arrays do not fit this backbone, head and vocabulary.
    """
    model = build_attribute_predictor(spec, None, seed=0)
    try:
        model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})
    except RuntimeError as error:
        raise BadModel(
            expected=f"weights of a {spec.backbone} predictor of {spec.n_attributes} attributes",
            found=str(error).splitlines()[-1].strip(),
            where="attribute predictor",
            remedy="train the attribute model again, or restore the settings it was trained with",
        ) from error
    return model.eval()


def predict_attributes(
    model: AttributePredictor, pixels_nhwc: npt.NDArray[np.uint8], batch_size: int, device: str
) -> Predicted:
    """Return (logits_na, activations_nahw or None), float32, of uint8 images in evaluation mode.

    The model is moved to `device` and keeps its training mode.

    Raises:
        BadModel: an output is NaN or infinite.
        BadSetting: the batch size is below 1.
    """

    def predict(batch: slice) -> Prediction:
        # a copy, because stored arrays are often read-only, which torch warns of
        prediction: Prediction = model(normalise_pixels(np.array(pixels_nhwc[batch]), device))
        return prediction

    return _predict(model.to(device), predict, len(pixels_nhwc), batch_size)


def predict_from_features(
    model: AttributePredictor, features_nchw: npt.NDArray[np.float32], batch_size: int
) -> Predicted:
    """Return what `predict_attributes` returns, from the trunk's features of the images; where the model is.

    Raises:
        BadModel: an output is NaN or infinite.
        BadSetting: the batch size is below 1.
    """

    def predict(batch: slice) -> Prediction:
        return model.predict_features(torch.from_numpy(features_nchw[batch]).to(model.device))

    return _predict(model, predict, len(features_nchw), batch_size)


def trunk_features(
    model: AttributePredictor, pixels_nhwc: npt.NDArray[np.uint8], batch_size: int, device: str
) -> npt.NDArray[np.float32]:
    """Return the trunk's features (image, channel, y, x), float32, of uint8 images in evaluation mode.

    The model is moved to `device` and keeps its training mode. All features are held in memory: 32 kB an image for
    ResNet-18 at 112 px, 128 kB for ResNet-50.

    Raises:
        BadSetting: the batch size is below 1.
    """
    was_training = model.training
    model.to(device).eval()
    try:
        with torch.inference_mode():
            pieces = [
                model.trunk(normalise_pixels(np.array(pixels_nhwc[batch]), device)).cpu().numpy()
                for batch in _batches(len(pixels_nhwc), batch_size)
            ]
    finally:
        model.train(was_training)
    return np.concatenate(pieces)


def _predict(
    model: AttributePredictor, predict: Callable[[slice], Prediction], n_images: int, batch_size: int
) -> Predicted:
    logits_na = np.zeros((n_images, model.n_attributes), dtype=np.float32)
    activations_nahw: npt.NDArray[np.float32] | None = None
    if not isinstance(model, FullyConnectedPredictor):
        activations_nahw = np.zeros((n_images, model.n_attributes, GRID_CELLS, GRID_CELLS), dtype=np.float32)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            for batch in _batches(n_images, batch_size):
                prediction = predict(batch)
                logits_na[batch] = prediction.logits_na.cpu().numpy()
                if activations_nahw is not None and prediction.activations_nahw is not None:
                    activations_nahw[batch] = prediction.activations_nahw.cpu().numpy()
    finally:
        model.train(was_training)
    _refuse_non_finite(logits_na, activations_nahw)
    return logits_na, activations_nahw


def _batches(n_images: int, batch_size: int) -> Iterator[slice]:
    if batch_size < 1:
        raise BadSetting(
            expected="a batch size of at least 1",
            found=f"{batch_size}",
            where="prediction of attributes",
            remedy="set batch_size to 256",
        )
    return (slice(start, start + batch_size) for start in range(0, n_images, batch_size))


def _refuse_non_finite(logits_na: npt.NDArray[np.float32], activations_nahw: npt.NDArray[np.float32] | None) -> None:
    bad_n = ~np.asarray(np.isfinite(logits_na).all(axis=1))
    if activations_nahw is not None:
        bad_n |= ~np.asarray(np.isfinite(activations_nahw).all(axis=(1, 2, 3)))
    if bad_n.any():
        raise BadModel(
            expected="finite logits and activation maps",
            found=f"NaN or infinity for {int(bad_n.sum())} of {bad_n.size} images",
            where=f"attribute predictor, first at image row {int(np.argmax(bad_n))}",
            remedy="train the attribute model again with a lower learning rate, or check its weights",
        )
