"""Embedding networks: repeatable, exact to load, and clear about weights that do not fit."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel, BadSetting
from pipeline.networks import fold_batch_norms, network_state
from pipeline.similarity.networks import build_embedding_network, load_network_state

NETWORKS = ["resnet18", "resnet18_three_stage", "small_residual"]
HEAD_WEIGHT, HEAD_BIAS = list(build_embedding_network("small_residual", 8).state_dict())[-2:]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size_px", [32, 64, 112])
def test_any_image_size_becomes_one_vector(name: str, size_px: int) -> None:
    network = build_embedding_network(name, 7).eval()
    with torch.inference_mode():
        embeddings = network(torch.zeros(2, 3, size_px, size_px))
    assert embeddings.shape == (2, 7)
    assert embeddings.dtype == torch.float32


def test_the_seed_fixes_the_weights_and_nothing_else_changes() -> None:
    torch.manual_seed(11)
    expected_draw = torch.rand(3)
    torch.manual_seed(11)
    first = network_state(build_embedding_network("small_residual", 8, seed=1))
    torch.testing.assert_close(torch.rand(3), expected_draw)  # torch's own generator is where it was
    again = network_state(build_embedding_network("small_residual", 8, seed=1))
    other = network_state(build_embedding_network("small_residual", 8, seed=2))
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)
    assert any(first[name].tobytes() != other[name].tobytes() for name in first)


@pytest.mark.parametrize("name", NETWORKS)
def test_folding_batch_norms_changes_rounding_only(name: str) -> None:
    exact = build_embedding_network(name, 8).double()
    images = torch.randn(3, 3, 48, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    exact.train()
    with torch.no_grad():
        exact(images)  # moves the running statistics away from those of a new network
        exact.eval()
        expected = exact(images)
        folded = fold_batch_norms(copy.deepcopy(exact))(images)
    torch.testing.assert_close(folded, expected, rtol=1e-9, atol=1e-9)


def test_state_makes_the_round_trip() -> None:
    source = build_embedding_network("small_residual", 8, seed=1)
    target = build_embedding_network("small_residual", 8, seed=2)
    state = network_state(source)
    load_network_state(target, state, "memory")
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(target.eval()(images), source.eval()(images), rtol=0, atol=0)


def test_state_is_a_copy() -> None:
    network = build_embedding_network("small_residual", 8)
    state = network_state(network)
    before = {name: value.copy() for name, value in state.items()}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert all((state[name] == before[name]).all() for name in state)


def test_read_only_arrays_load_without_a_warning() -> None:
    state = network_state(build_embedding_network("small_residual", 8))
    for value in state.values():
        value.setflags(write=False)
    load_network_state(build_embedding_network("small_residual", 8), state, "memory")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_converted(dtype: torch.dtype) -> None:
    source = build_embedding_network("small_residual", 8, seed=1)
    state = {
        name: value.to(dtype) if value.is_floating_point() else value for name, value in source.state_dict().items()
    }
    target = build_embedding_network("small_residual", 8, seed=2)
    load_network_state(target, state, "weights.safetensors")
    torch.testing.assert_close(target.get_parameter(HEAD_WEIGHT), source.get_parameter(HEAD_WEIGHT), rtol=0, atol=1e-3)


def test_parameters_that_ask_for_gradients_load_too() -> None:
    source = build_embedding_network("small_residual", 8, seed=1)
    state: dict[str, torch.Tensor] = {**source.state_dict(), **dict(source.named_parameters())}
    load_network_state(build_embedding_network("small_residual", 8, seed=2), state, "weights.pt")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", rf"missing \['{HEAD_BIAS}'\], unknown \[\], of another shape \[\]"),
        ("unknown", r"missing \[\], unknown \['module.fc'\], of another shape \[\]"),
        ("misshapen", rf"missing \[\], unknown \[\], of another shape \['{HEAD_BIAS}'\]"),
    ],
)
def test_weights_that_do_not_fit_are_named(kind: str, message: str) -> None:
    network = build_embedding_network("small_residual", 8)
    state = network_state(network)
    if kind == "missing":
        del state[HEAD_BIAS]
    elif kind == "unknown":
        state["module.fc"] = np.zeros(3)
    else:
        state[HEAD_BIAS] = np.zeros(9, dtype=np.float32)
    with pytest.raises(BadModel, match=message) as error:
        load_network_state(network, state, "weights/model.pt")
    assert error.value.where == "weights/model.pt"
    assert "embedding_dim" in error.value.remedy


def test_weights_that_do_not_fit_change_nothing() -> None:
    network = build_embedding_network("small_residual", 8, seed=1)
    before = network_state(network)
    state = {name: np.ones_like(value) for name, value in before.items() if name != HEAD_BIAS}
    with pytest.raises(BadModel):
        load_network_state(network, state, "weights.pt")
    after = network_state(network)
    assert all((after[name] == before[name]).all() for name in before)


def test_weights_of_another_network_are_refused_in_a_readable_line() -> None:
    state = network_state(build_embedding_network("resnet18", 8))
    with pytest.raises(BadModel) as error:
        load_network_state(build_embedding_network("small_residual", 8), state, "weights.pt")
    assert len(error.value.found) < 400


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(BadSetting, match="'vgg'"):
        build_embedding_network("vgg", 8)


def test_the_head_is_linear_in_its_last_layer() -> None:
    for name in NETWORKS:
        assert isinstance(list(build_embedding_network(name, 8).modules())[-1], nn.Linear)
