"""The attribute predictor: one activation map per attribute, whose mean is the attribute's logit.

Arrays or tensors in, arrays out; reads and writes no files. Cost per image: the trunk plus
9 x channels x attributes multiplications per grid cell (2.5 MMAC for 85 attributes on ResNet-18).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from pipeline.area_pooling import area_weights
from pipeline.errors import BadModel, BadSetting
from pipeline.images import normalise_pixels
from pipeline.networks import Trunk, build_trunk
from pipeline.randomness import derive_seed

GRID_CELLS = 4


class AttributePredictor(nn.Module):
    """A trunk and a 3 x 3 convolution without bias, one channel per attribute.

    Source: v1 section 3.1; supplement of the published version, section 2.1.
    Departure: a trunk whose grid is not 4 x 4 (other input sizes, three stages) has its maps averaged onto
    4 x 4 by area, with the very weights that pool saliency maps, so that the two are always compared alike.
    """

    def __init__(self, trunk: Trunk, n_attributes: int, cells: int = GRID_CELLS) -> None:
        super().__init__()
        self.cells = cells
        self.trunk = trunk.module
        self.attribute_maps = nn.Conv2d(trunk.channels, n_attributes, 3, padding=1, bias=False)

    def forward(self, images_nchw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (logits_na, activations_nahw) of normalised images, float32; h = w = cells.

        The logits are the means of the activation maps over space; softmax over attributes makes them
        confidences.
        """
        activations_nahw: torch.Tensor = self.attribute_maps(self.trunk(images_nchw))
        if activations_nahw.shape[2:] != (self.cells, self.cells):
            rows_ch, columns_cw = (
                torch.from_numpy(area_weights(size, self.cells)).to(activations_nahw)
                for size in activations_nahw.shape[2:]
            )
            activations_nahw = rows_ch @ activations_nahw @ columns_cw.T
        return activations_nahw.mean(dim=(2, 3)), activations_nahw


def build_attribute_predictor(
    backbone: str, n_attributes: int, pretrained: str | None, seed: int
) -> AttributePredictor:
    """Return a predictor on the CPU whose fresh weights depend on the arguments alone.

    Torch's own random state is left as it was.

    Raises:
        BadSetting: no attributes, or an unknown backbone or name of pretrained weights.
    """
    if n_attributes < 1:
        raise BadSetting(
            expected="at least one attribute",
            found=f"{n_attributes}",
            where="attribute predictor",
            remedy="use a dataset with attribute labels",
        )
    with torch.random.fork_rng(devices=[]):
        # the CPU generator only: torch.manual_seed would reseed accelerators, which the fork does not restore
        torch.default_generator.manual_seed(derive_seed(seed, backbone, n_attributes, "attribute predictor"))
        return AttributePredictor(build_trunk(backbone, pretrained), n_attributes)


def restore_attribute_predictor(
    backbone: str, n_attributes: int, state: dict[str, npt.NDArray[Any]]
) -> AttributePredictor:
    """Return the predictor that `network_state` was taken from, in evaluation mode, on the CPU.

    Raises:
        BadModel: the arrays do not fit this backbone and vocabulary.
    """
    model = build_attribute_predictor(backbone, n_attributes, None, seed=0)
    try:
        model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})
    except RuntimeError as error:
        raise BadModel(
            expected=f"weights of a {backbone} predictor of {n_attributes} attributes",
            found=str(error).splitlines()[-1].strip(),
            where="attribute predictor",
            remedy="train the attribute model again, or restore the settings it was trained with",
        ) from error
    return model.eval()


def predict_attributes(
    model: AttributePredictor, pixels_nhwc: npt.NDArray[np.uint8], batch_size: int, device: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return (logits_na, activations_nahw), float32, of uint8 images in evaluation mode.

    The model is moved to `device` and keeps its training mode.

    Raises:
        BadModel: an output is NaN or infinite.
        BadSetting: the batch size is below 1.
    """
    if batch_size < 1:
        raise BadSetting(
            expected="a batch size of at least 1",
            found=f"{batch_size}",
            where="prediction of attributes",
            remedy="set batch_size to 256",
        )
    n_attributes, cells = model.attribute_maps.out_channels, model.cells
    logits_na = np.empty((len(pixels_nhwc), n_attributes), dtype=np.float32)
    activations_nahw = np.empty((len(pixels_nhwc), n_attributes, cells, cells), dtype=np.float32)
    was_training = model.training
    model.to(device).eval()
    try:
        with torch.inference_mode():
            for start in range(0, len(pixels_nhwc), batch_size):
                batch = slice(start, start + batch_size)
                # a copy, because stored arrays are often read-only, which torch warns of
                logits, activations = model(normalise_pixels(np.array(pixels_nhwc[batch]), device))
                logits_na[batch] = logits.cpu().numpy()
                activations_nahw[batch] = activations.cpu().numpy()
    finally:
        model.train(was_training)
    _refuse_non_finite(activations_nahw)
    return logits_na, activations_nahw


def _refuse_non_finite(activations_nahw: npt.NDArray[np.float32]) -> None:
    """Refuse NaN and infinity; the logits are means of the activations, so these are enough to look at."""
    bad_n = ~np.asarray(np.isfinite(activations_nahw).all(axis=(1, 2, 3)))
    if bad_n.any():
        raise BadModel(
            expected="finite activation maps",
            found=f"NaN or infinity for {int(bad_n.sum())} of {bad_n.size} images",
            where=f"attribute predictor, first at image row {int(np.argmax(bad_n))}",
            remedy="train the attribute model again with a lower learning rate, or check its weights",
        )
