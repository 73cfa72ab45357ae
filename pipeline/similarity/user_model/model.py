"""A user's own model as a network: takes images as the pipeline has them, gives vectors as the model makes them.

The model is a black box. It gets images with values 0 to 1, or normalised as the user says, and returns vectors.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.fx import GraphModule
from torch.nn import functional

from pipeline.errors import BadModel
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB
from pipeline.similarity.user_model.own_method import has_forward, own_method
from pipeline.similarity.user_model.process_state import AROUND_EACH_CALL
from pipeline.similarity.user_model.user_code import ProcessGuard, ending_remedy, error_text, errors_as

WHERE = "the user's similarity model"


@dataclass(frozen=True)
class Preprocessing:
    """What an image goes through before the model sees it.

    Attributes:
        input_size_px: side to which square images are resized (bilinear with antialiasing), None: left as they are.
        mean_rgb: subtracted from values 0 to 1, with `deviation_rgb` to divide by; None: values stay 0 to 1.
        deviation_rgb: see `mean_rgb`.
    """

    input_size_px: int | None = None
    mean_rgb: tuple[float, float, float] | None = None
    deviation_rgb: tuple[float, float, float] | None = None

    def prepare(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return float32 (image, 3, y, x), contiguous, from ImageNet-normalised images, on their device.

        Gradients of the result lead back to the images.
        """
        pixels = images_nchw.float() * _channels(IMAGENET_DEVIATION_RGB, images_nchw)
        pixels = _Clamped.apply(pixels.add_(_channels(IMAGENET_MEAN_RGB, images_nchw)))
        if self.input_size_px is not None and self.input_size_px != pixels.shape[-1]:
            side = (self.input_size_px, self.input_size_px)
            # Interpolation keeps values within 0 to 1: its weights are positive and sum to 1.
            pixels = functional.interpolate(pixels, size=side, mode="bilinear", antialias=True, align_corners=False)
        if self.mean_rgb is not None and self.deviation_rgb is not None:
            pixels = (pixels - _channels(self.mean_rgb, pixels)) / _channels(self.deviation_rgb, pixels)
        return pixels.contiguous()


class _Clamped(torch.autograd.Function):
    """Values 0 to 1, in place; to gradients nothing is clamped.

    White is 1 give or take its last bit: clamped for good, half of the white pixels could never become anything else.
    """

    @staticmethod
    def forward(ctx: Any, pixels: torch.Tensor) -> torch.Tensor:
        """Return the same tensor, clamped."""
        ctx.mark_dirty(pixels)
        return pixels.clamp_(0, 1)

    @staticmethod
    def backward(_ctx: Any, gradients: torch.Tensor) -> torch.Tensor:
        """Return the gradients as they are."""
        return gradients


class UserModel(nn.Module):
    """A user's model with its preprocessing, in the shape of the pipeline's own embedding networks.

    Args:
        embed: maps float32 images (image, 3, y, x) to vectors (image, D). A module is moved with this one.
        preprocessing: what images go through first.
        takes_arrays: `embed` gets a numpy array; else a tensor on the device of the images.
        guard: of the process, with what the model's code has set so far; None: nothing.
        explained_network: the user's network behind `embed`, of which gradients can be taken; None: a black box.

    Attributes:
        is_black_box: nothing is known of it but its vectors, so that no gradients are taken of it.
    """

    def __init__(
        self,
        embed: Callable[[Any], Any],
        preprocessing: Preprocessing,
        takes_arrays: bool = False,
        guard: ProcessGuard | None = None,
        explained_network: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.explained_network = explained_network
        self.is_black_box = explained_network is None or takes_arrays
        self.embed = embed
        self.preprocessing = preprocessing
        self.takes_arrays = takes_arrays
        self._guard = ProcessGuard(WHERE) if guard is None else guard

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return float32 vectors (image, D), not normalised, of ImageNet-normalised images, on their device.

        Raises:
            BadModel: the model raises an error, or returns something else than one vector of floats per image.
        """
        prepared = self.preprocessing.prepare(images_nchw)
        given = prepared.cpu().numpy() if self.takes_arrays else prepared

        def refused(error: BaseException) -> BadModel:
            return BadModel(
                expected=f"vectors of {len(prepared)} images, handed over as {self._given(prepared)}",
                found=error_text(error),
                where=WHERE,
                remedy=_remedy_of(error, self.takes_arrays),
            )

        with errors_as(refused), self._guard.around(AROUND_EACH_CALL):
            found = self.embed(given)
        return _vectors(found, len(prepared)).to(images_nchw.device)

    def _given(self, prepared: torch.Tensor) -> str:
        kind = "a numpy array" if self.takes_arrays else f"a torch tensor on {prepared.device}"
        return f"{kind}, float32 {tuple(prepared.shape)}"


def as_embed(model: object, device: str) -> Callable[[Any], Any]:
    """Return what maps images to vectors: the object's `embed`, or a module's forward pass, in evaluation mode.

    Args:
        model: what a factory returned.
        device: where a module is moved.

    Raises:
        BadModel: it is neither a module nor an object with a method `embed`.
    """
    if isinstance(model, nn.Module):
        model = _in_evaluation_mode(model).to(device)
    embed = own_method(model, "embed")
    if embed is not None:
        return embed
    if isinstance(model, nn.Module) and has_forward(model):
        return model
    part = getattr(model, "embed", None)
    found = f"an object of type {type(model).__name__}"
    raise BadModel(
        expected="a torch.nn.Module with a forward pass, or an object with a method embed(images)",
        found=found if part is None else f"{found} whose embed is no method but of type {type(part).__name__}",
        where=f"what {WHERE}'s factory returned",
        remedy="return the model from the factory, such as an object of a class with embed(self, images_nchw)",
    )


def _in_evaluation_mode(model: nn.Module) -> nn.Module:
    try:
        return model.eval()
    except NotImplementedError:
        return model  # a program of torch.export, which is in the one that it was exported in


def network_with_gradients(model: object) -> nn.Module | None:
    """Return the network behind a model that a factory returned, None where there is none or it is a closed program."""
    if not isinstance(model, nn.Module) or isinstance(model, GraphModule):
        return None
    return model


def _channels(values: tuple[float, float, float], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values, device=like.device).view(1, 3, 1, 1)


def _vectors(found: object, n_images: int) -> torch.Tensor:
    if isinstance(found, np.ndarray) and np.issubdtype(found.dtype, np.floating):
        found = torch.from_numpy(_float32_array(found))
    if not isinstance(found, torch.Tensor):
        kind = f"numpy array of {found.dtype}" if isinstance(found, np.ndarray) else type(found).__name__
        raise _bad_vectors(n_images, f"a {kind}", "return a floating-point torch tensor or numpy array")
    if found.ndim != 2 or found.shape[0] != n_images or found.shape[1] < 2:
        remedy = "return one row per image, with at least 2 columns; pool and flatten feature maps first"
        raise _bad_vectors(n_images, f"shape {tuple(found.shape)}", remedy)
    if not found.is_floating_point():
        raise _bad_vectors(n_images, f"dtype {found.dtype}", "return floating-point values, such as vectors.float()")
    return (found if found.layout == torch.strided else found.to_dense()).float()


def _float32_array(found_nd: np.ndarray) -> np.ndarray:
    """Return a copy that torch can take, whatever the array's byte order, strides and number of bits."""
    if isinstance(found_nd, np.ma.MaskedArray):
        found_nd = found_nd.filled(np.nan)
    with np.errstate(over="ignore", under="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return np.array(found_nd, dtype=np.float32, order="C", subok=False)


def _bad_vectors(n_images: int, found: str, remedy: str) -> BadModel:
    expected = f"floating-point vectors of shape ({n_images}, D) for {n_images} images"
    return BadModel(expected=expected, found=found, where=f"the output of {WHERE}", remedy=remedy)


def _remedy_of(error: BaseException, takes_arrays: bool) -> str:
    # What an exported program says of an axis that it was exported for at one length only.
    axis = re.search(r"(?:size\(\)|shape)\[(\d)\]", str(error))
    if axis is not None and axis[1] == "0":
        return (
            "export the program for any number of images, from an example of two or more: "
            'torch.export.export(model, (images,), dynamic_shapes=({0: torch.export.Dim("images")},))'
        )
    if axis is not None:
        return "set similarity_model.input_size_px to the side that the program was exported for"
    other, array_type = ("torch tensors", "torch") if takes_arrays else ("numpy arrays", "numpy")
    return ending_remedy(
        error,
        f'if the model takes {other}, set similarity_model.array_type = "{array_type}"; '
        "else try it on such images by itself and check input_size_px; --debug shows where it failed",
    )
