"""A user's model as a network: what it is given, and what it may give back."""

import sys
import warnings
from collections.abc import Callable
from types import MethodType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from pipeline.errors import BadModel
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB, normalise_pixels
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.model import Preprocessing, UserModel, as_embed, network_with_gradients


def random_pixels(n_images: int, side: int = 20) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n_images, side, side, 3), dtype=np.uint8)


class Keeping:
    """Keeps what it was given."""

    def embed(self, images: Any) -> Any:
        self.given = images
        flat = images.reshape(len(images), -1)
        return flat[:, :6]


def given_to_model(pixels: np.ndarray, preprocessing: Preprocessing, takes_arrays: bool) -> Any:
    keeping = Keeping()
    SimilarityScorer(UserModel(keeping.embed, preprocessing, takes_arrays)).embed(pixels)
    return keeping.given


@pytest.mark.parametrize("takes_arrays", [False, True])
def test_a_model_gets_values_0_to_1_as_a_plain_float32_array(takes_arrays: bool) -> None:
    pixels = random_pixels(3)
    given = given_to_model(pixels, Preprocessing(), takes_arrays)
    assert isinstance(given, np.ndarray if takes_arrays else torch.Tensor)
    array = np.asarray(given)
    assert array.dtype == np.float32
    assert array.shape == (3, 3, 20, 20)
    assert array.flags["C_CONTIGUOUS"]
    np.testing.assert_allclose(array.transpose(0, 2, 3, 1) * 255, pixels, atol=1e-4)
    assert array.min() >= 0
    assert array.max() <= 1


def test_images_are_resized_and_normalised_as_the_user_says() -> None:
    pixels = random_pixels(2)
    mean, deviation = (0.5, 0.25, 0.125), (0.5, 0.25, 2.0)
    given = given_to_model(pixels, Preprocessing(9, mean, deviation), takes_arrays=True)
    small = functional.interpolate(
        torch.tensor(pixels).permute(0, 3, 1, 2) / 255, size=(9, 9), mode="bilinear", antialias=True
    ).numpy()
    expected = (small - np.array(mean)[:, None, None]) / np.array(deviation)[:, None, None]
    np.testing.assert_allclose(given, expected, atol=1e-5)
    assert np.abs(given - small).max() > 0.1


def test_with_imagenet_statistics_a_network_gets_what_the_pipelines_own_networks_get() -> None:
    pixels = random_pixels(2)
    given = given_to_model(pixels, Preprocessing(None, IMAGENET_MEAN_RGB, IMAGENET_DEVIATION_RGB), takes_arrays=False)
    np.testing.assert_allclose(given, normalise_pixels(pixels), atol=1e-5)


@pytest.mark.parametrize("takes_arrays", [False, True])
def test_arrays_and_tensors_give_one_result(takes_arrays: bool) -> None:
    def embed(images: Any) -> Any:
        return images.reshape(len(images), -1)[:, 100:108] + 1

    found = SimilarityScorer(UserModel(embed, Preprocessing(), takes_arrays), batch_size=2).embed(random_pixels(5))
    flat = random_pixels(5).transpose(0, 3, 1, 2).reshape(5, -1)[:, 100:108] / 255 + 1
    np.testing.assert_allclose(found, flat / np.linalg.norm(flat, axis=1, keepdims=True), atol=1e-6)


def test_double_vectors_are_taken_and_half_ones_too() -> None:
    for kind in (torch.float64, torch.float16):
        model = UserModel(lambda images, kind=kind: images.flatten(1)[:, :6].to(kind) + 1, Preprocessing())
        assert SimilarityScorer(model).embed(random_pixels(2)).dtype == np.float32


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "convert",
    [
        lambda rows: rows[::-1][:, ::-1],
        lambda rows: rows[:, ::2],
        lambda rows: rows.astype(">f4"),
        lambda rows: rows.astype(">f8"),
        lambda rows: rows.astype(np.longdouble),
        lambda rows: rows.astype(np.float16),
        lambda rows: np.asfortranarray(rows),
        lambda rows: np.broadcast_to(rows[:, :1] + np.float32(1), rows.shape),
        lambda rows: read_only(rows.copy()),
        lambda rows: np.ma.masked_array(rows, mask=False),
    ],
)
def test_arrays_of_any_layout_and_number_of_bits_are_taken(convert: Callable[[np.ndarray], np.ndarray]) -> None:
    pixels = random_pixels(3)

    def embed(images: np.ndarray) -> np.ndarray:
        return convert(images.reshape(len(images), -1)[:, :6] + np.float32(0.1))

    raw = UserModel(embed, Preprocessing(), takes_arrays=True)(normalise_pixels(pixels))
    given = Preprocessing().prepare(normalise_pixels(pixels)).numpy()
    np.testing.assert_array_equal(raw.numpy(), np.asarray(embed(given)).astype(np.float32))


def test_what_is_masked_or_beyond_float32_is_no_finite_value() -> None:
    for spoilt in (np.ma.masked_array([[1.0, 2.0]], mask=[[True, False]]), np.array([[1e300, 1.0]])):
        raw = UserModel(lambda images, spoilt=spoilt: spoilt, Preprocessing())(normalise_pixels(random_pixels(1)))
        assert not bool(raw[0, 0].isfinite())


def test_a_sparse_tensor_is_taken() -> None:
    model = UserModel(lambda images: (images.flatten(1)[:, :6] + 1).to_sparse(), Preprocessing())
    assert SimilarityScorer(model).embed(random_pixels(2)).shape == (2, 6)


def test_a_model_that_ends_the_process_or_changes_it_is_told_and_put_back() -> None:
    def embed(images: torch.Tensor) -> torch.Tensor:
        torch.set_default_dtype(torch.float64)
        sys.exit(0)

    with pytest.raises(BadModel) as refused:
        SimilarityScorer(UserModel(embed, Preprocessing())).embed(random_pixels(2))
    assert refused.value.found == "SystemExit: 0"
    assert "sys.exit" in refused.value.remedy
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(
    ("embed", "found"),
    [
        (lambda images: [1.0, 2.0], "a list"),
        (lambda images: images.flatten(1).long(), "dtype torch.int64"),
        (lambda images: np.ones((len(images), 3), dtype=np.int32), "a numpy array of int32"),
        (lambda images: images, "shape (4, 3, 20, 20)"),
        (lambda images: images.flatten(1)[:1], "shape (1, 1200)"),
        (lambda images: images.flatten(1)[:, :1], "shape (4, 1)"),
        (lambda images: images @ torch.ones(7, 7), "RuntimeError: "),
        (lambda images: {}["missing"], "KeyError: 'missing'"),
    ],
)
def test_what_is_no_vector_of_floats_per_image_is_refused(embed: Callable[[Any], Any], found: str) -> None:
    with pytest.raises(BadModel) as refused:
        SimilarityScorer(UserModel(embed, Preprocessing())).embed(random_pixels(4))
    assert found in refused.value.found
    assert "user's similarity model" in refused.value.where


@pytest.mark.parametrize(
    ("embed", "takes_arrays", "given", "remedy"),
    [
        (lambda images: images.view(images.size(0), -1), True, "a numpy array", 'array_type = "torch"'),
        (lambda images: images.transpose(0, 2, 3, 1), False, "a torch tensor on cpu", 'array_type = "numpy"'),
    ],
)
def test_a_model_that_takes_the_other_kind_of_array_is_told_which_key_changes_it(
    embed: Callable[[Any], Any], takes_arrays: bool, given: str, remedy: str
) -> None:
    with pytest.raises(BadModel) as refused:
        SimilarityScorer(UserModel(embed, Preprocessing(), takes_arrays)).embed(random_pixels(4))
    assert f"{given}, float32 (4, 3, 20, 20)" in refused.value.expected
    assert remedy in refused.value.remedy


def test_memory_running_out_is_left_to_the_caller_who_takes_smaller_batches() -> None:
    def embed(images: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError):
        SimilarityScorer(UserModel(embed, Preprocessing())).embed(random_pixels(2))


def test_a_module_is_put_into_evaluation_mode_and_an_object_embeds() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(1200, 4))
    assert as_embed(network, "cpu") is network
    assert not network.training
    keeping = Keeping()
    assert as_embed(keeping, "cpu") == keeping.embed


def test_a_modules_own_embed_comes_before_its_forward_pass() -> None:
    class Both(nn.Module):
        def embed(self, images: torch.Tensor) -> torch.Tensor:
            return images

    both = Both()
    assert as_embed(both, "cpu") == both.embed
    assert not both.training


class Backbone(nn.Module):
    """A layer of it is called embed, as in many vision transformers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Flatten(), nn.Linear(1200, 6))
        self.head = nn.Linear(6, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.head(self.embed(images)))


class WithMethod(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)[:, :3]

    @torch.jit.export
    def embed(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)[:, :5]


def exported_again(module: nn.Module) -> nn.Module:
    return torch.export.export(module, (torch.rand(2, 3, 20, 20),)).module()


def scripted(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises against it
        return torch.jit.script(module)


def wrapped(module: nn.Module) -> nn.Module:
    return nn.DataParallel(module, device_ids=[])


@pytest.mark.parametrize("make", [lambda module: module, scripted, wrapped, exported_again], ids=str)
def test_a_layer_called_embed_is_not_taken_for_the_model(make: Callable[[nn.Module], nn.Module]) -> None:
    model = make(Backbone())
    assert as_embed(model, "cpu") is model


@pytest.mark.parametrize("make", [lambda module: module, scripted, torch.compile], ids=str)
def test_a_method_embed_counts_however_the_module_is_wrapped(make: Callable[[nn.Module], nn.Module]) -> None:
    assert as_embed(make(WithMethod()), "cpu")(torch.rand(2, 3, 20, 20)).shape == (2, 5)


def test_a_function_bound_to_a_module_counts_and_a_function_it_merely_holds_does_not() -> None:
    bound, holding = Backbone(), nn.Sequential(nn.Flatten())
    del bound.embed
    bound.embed = MethodType(lambda self, images: images, bound)
    assert as_embed(bound, "cpu") == bound.embed
    holding.embed = torch.relu
    assert as_embed(holding, "cpu") is holding


def test_a_module_without_forward_pass_is_refused_with_what_its_embed_is() -> None:
    class Forgotten(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(3, 3)

    with pytest.raises(BadModel) as refused:
        as_embed(Forgotten(), "cpu")
    assert "of type Linear" in refused.value.found


@pytest.mark.parametrize("embed", [lambda images: images, nn.Flatten()], ids=["function", "module"])
def test_an_object_that_is_no_module_may_hold_what_embeds(embed: Callable[[Any], Any]) -> None:
    assert as_embed(SimpleNamespace(embed=embed), "cpu") is embed


def test_what_cannot_embed_is_refused() -> None:
    with pytest.raises(BadModel) as refused:
        as_embed({"weights": 3}, "cpu")
    assert "dict" in refused.value.found


@pytest.mark.parametrize("preprocessing", [Preprocessing(), Preprocessing(9, (0.5, 0.25, 0.1), (0.5, 0.25, 2.0))])
def test_gradients_lead_through_the_preprocessing(preprocessing: Preprocessing) -> None:
    """By finite differences; the values are far enough from 0 and 1."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = torch.randn(1, 3, preprocessing.input_size_px or 12, preprocessing.input_size_px or 12)
        images = (0.8 * torch.rand(1, 3, 12, 12) + 0.1 - 0.45) / 0.23
    images.requires_grad_()
    score = (preprocessing.prepare(images) * weights).sum()
    [slopes] = torch.autograd.grad(score, images)
    step = torch.zeros_like(images)
    for place in ((0, 0, 0, 0), (0, 1, 5, 7), (0, 2, 11, 3)):
        step.zero_()[place] = 0.05
        with torch.no_grad():
            change = (preprocessing.prepare(images + step) - preprocessing.prepare(images - step)) * weights
        assert float(change.sum()) / 0.1 == pytest.approx(float(slopes[place]), rel=1e-2, abs=1e-4)
    assert float(slopes.abs().max()) > 0


def test_white_and_black_pixels_have_gradients_too() -> None:
    for value in (0, 255):
        images = normalise_pixels(np.full((1, 8, 8, 3), value, np.uint8)).requires_grad_()
        [slopes] = torch.autograd.grad(Preprocessing().prepare(images).sum(), images)
        assert bool((slopes > 0).all())
        prepared = Preprocessing().prepare(images.detach())
        assert float(prepared.min()) >= 0
        assert float(prepared.max()) <= 1


def test_a_closed_program_and_an_object_have_no_network_to_take_gradients_of() -> None:
    network = Backbone()
    assert network_with_gradients(network) is network
    assert network_with_gradients(exported_again(network)) is None
    assert network_with_gradients(Keeping()) is None
