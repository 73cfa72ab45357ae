"""The regions and the head of FashionSearchNet against loops, their gradients, and broken copies that must not pass."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pipeline.attributes import fashion_search_net as module
from pipeline.attributes.fashion_search_net import FashionSearchNet, pool_regions, region_weights
from pipeline.networks import Trunk
from tests.oracles import fashion_search_net as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

THRESHOLD, CHANNELS, ATTRIBUTES = 0.6, 3, 4


def built(tested=module) -> FashionSearchNet:
    """A head on features, float64, whose regions differ between attributes."""
    torch.manual_seed(2)
    net: FashionSearchNet = tested.FashionSearchNet(Trunk(nn.Identity(), CHANNELS), ATTRIBUTES, THRESHOLD)
    with torch.no_grad():
        net.attribute_logits.bias.normal_()
    return net.double()


def layers_of(net: FashionSearchNet) -> oracle.Layers:
    first, _, second, _ = net.shared_layers
    tensors = (
        net.attribute_maps.weight,
        first.weight,
        first.bias,
        second.weight,
        second.bias,
        net.attribute_logits.weight,
        net.attribute_logits.bias,
    )
    return oracle.Layers(*(tensor.detach().numpy() for tensor in tensors))


def made_up_features() -> torch.Tensor:
    return torch.randn(3, CHANNELS, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


def assert_equals_oracle(tested=module) -> None:
    net, features = built(tested), made_up_features()
    logits, activations = net(features)
    layers = layers_of(net)
    expected = [
        [oracle.logit(image, layers, attribute, THRESHOLD) for attribute in range(ATTRIBUTES)]
        for image in features.numpy()
    ]
    np.testing.assert_allclose(logits.detach().numpy(), expected, rtol=1e-9)
    assert activations is not None
    maps = [[oracle.activation_map(image, kernel) for kernel in layers.maps] for image in features.numpy()]
    # On the common grid maps keep their means, which the second loss is about.
    assert activations.shape == (3, ATTRIBUTES, 4, 4)
    np.testing.assert_allclose(activations.detach().mean(dim=(2, 3)).numpy(), np.mean(maps, axis=(2, 3)), rtol=1e-9)


def test_head_equals_oracle() -> None:
    assert_equals_oracle()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("low_nahw + threshold * (high_nahw - low_nahw)", "threshold * high_nahw"),
        ("weights_nahw / weights_nahw.sum(dim=(2, 3), keepdim=True)", "weights_nahw"),
        (
            "_between(marked_nahw.any(dim=3))[..., :, None] & _between(marked_nahw.any(dim=2))[..., None, :]",
            "marked_nahw",
        ),
        ("region_weights(activations_nahw.detach(), self.threshold)", "region_weights(-activations_nahw, 0.6)"),
        (" + self.attribute_logits.bias", ""),
        (
            "(hidden_nau * self.attribute_logits.weight).sum(dim=2)",
            "(hidden_nau * self.attribute_logits.weight.flip(0)).sum(dim=2)",
        ),
    ],
    ids=["share of the maximum", "summed", "no box", "wrong end", "no bias", "another attribute's weights"],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_equals_oracle(broken_copy(module, tmp_path, right, wrong))


def test_gradients_equal_differences_for_features_and_layers() -> None:
    net, features = built(), made_up_features().requires_grad_()
    names = [name for name, _ in net.named_parameters()]

    def outputs(values: torch.Tensor, *parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        named = dict(zip(names, parameters, strict=True))
        logits, activations = torch.func.functional_call(net, named, (values,))
        return logits, activations.mean(dim=(2, 3))

    assert torch.autograd.gradcheck(outputs, (features, *net.parameters()), fast_mode=True)


def test_only_the_pooled_maps_teach_the_maps() -> None:
    net = built()
    logits, activations = net(made_up_features())
    logits.square().sum().backward(retain_graph=True)
    assert net.attribute_maps.weight.grad is None
    activations.mean(dim=(2, 3)).square().sum().backward()
    assert net.attribute_maps.weight.grad.abs().sum() > 0


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), threshold=st.floats(0, 1), height=st.integers(1, 6), width=st.integers(1, 6))
def test_regions_are_the_oracles_boxes(seed: int, threshold: float, height: int, width: int) -> None:
    maps = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(seed)).double()
    weights = region_weights(maps, threshold)
    for n in range(2):
        for a in range(3):
            top, bottom, left, right = oracle.region(maps[n, a].numpy(), threshold)
            expected = np.zeros((height, width))
            expected[top : bottom + 1, left : right + 1] = 1 / ((bottom - top + 1) * (right - left + 1))
            np.testing.assert_allclose(weights[n, a].numpy(), expected, rtol=1e-12)


def test_thresholds_at_the_ends_and_constant_maps() -> None:
    maps = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    assert (region_weights(maps, 0.0) == 1 / 16).all()
    assert ((region_weights(maps, 1.0) == 1) == (maps == maps.amax(dim=(2, 3), keepdim=True))).all()
    assert (region_weights(torch.full((1, 2, 4, 4), -3.0), 0.9) == 1 / 16).all()
    features = torch.randn(1, 5, 4, 4, generator=torch.Generator().manual_seed(2))
    whole = pool_regions(features, region_weights(maps, 0.0))
    torch.testing.assert_close(whole, features.mean(dim=(2, 3))[:, None].expand(1, 2, 5))
