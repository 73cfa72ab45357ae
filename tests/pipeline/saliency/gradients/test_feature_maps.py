"""Layers of networks that are no plain stack of convolutions: tokens as a grid, channels last, and which is chosen."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadSetting
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.grad_cam.maps import GradCamSpec, build_grad_cam
from pipeline.saliency.gradients.feature_maps import feature_map_layout
from pipeline.saliency.gradients.layers import find_layer
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.model import Preprocessing, UserModel

SIDE_PX, PATCH_PX = 24, 6
CELLS = SIDE_PX // PATCH_PX


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.grow = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        given = self.norm1(tokens)
        tokens = tokens + self.attention(given, given, given, need_weights=False)[0]
        return tokens + torch.relu(self.grow(self.norm2(tokens)))


class VisionTransformer(nn.Module):
    """The usual one: patches by a convolution, a class token that is read in the end, or the tokens' mean."""

    def __init__(self, has_class_token: bool = True, width: int = 8) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, PATCH_PX, PATCH_PX)
        self.first = nn.Parameter(torch.randn(1, 1, width)) if has_class_token else None
        self.blocks = nn.Sequential(Block(width), Block(width))
        self.norm = nn.LayerNorm(width)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        if self.first is not None:
            tokens = torch.cat([self.first.expand(len(tokens), -1, -1), tokens], dim=1)
        tokens = self.norm(self.blocks(tokens))
        return tokens[:, 0] if self.first is not None else tokens.mean(dim=1)


def scorer_of(network: nn.Module) -> SimilarityScorer:
    return SimilarityScorer(UserModel(network.eval(), Preprocessing(), explained_network=network))


def native_map(network: nn.Module, layer: str | None) -> np.ndarray:
    scorer = scorer_of(network)
    pixels = np.random.default_rng(1).integers(0, 256, (3, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    requests = [SaliencyRequest(f"q{number}", one, scorer.embed(pixels[2:])) for number, one in enumerate(pixels[:2])]
    results = build_grad_cam(GradCamSpec(layer), scorer, SIDE_PX)(requests)
    return np.concatenate([maps.native_khw for maps in results])


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(3)


@pytest.mark.parametrize("has_class_token", [True, False])
def test_the_tokens_before_the_last_attention_make_the_map_of_a_vision_transformer(has_class_token: bool) -> None:
    network = VisionTransformer(has_class_token)
    assert find_layer(scorer_of(network).network, None, "grad_cam")[0] == "blocks.1.norm1"
    maps_phw = native_map(network, None)
    assert maps_phw.shape == (2, CELLS, CELLS)
    assert maps_phw.max() == pytest.approx(1)
    # Written out: the layer's output, its gradients, a weight a channel.
    kept: list[torch.Tensor] = []

    def keep(_layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        output.retain_grad()
        kept.append(output)

    handle = network.blocks[1].norm1.register_forward_hook(keep)
    pixels = np.random.default_rng(1).integers(0, 256, (3, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    vectors = network(torch.tensor(pixels).permute(0, 3, 1, 2).float() / 255)
    handle.remove()
    torch.nn.functional.cosine_similarity(vectors[:2], vectors[2:].detach()).sum().backward()
    tokens, slopes = kept[0][:2, int(has_class_token) :], kept[0].grad[:2, int(has_class_token) :]
    expected = torch.relu((tokens * slopes.mean(dim=1, keepdim=True)).sum(dim=2)).detach().numpy()
    expected = expected.reshape(2, CELLS, CELLS)
    np.testing.assert_allclose(maps_phw, expected / expected.max(axis=(1, 2), keepdims=True), atol=1e-4)


def test_tokens_are_laid_out_row_by_row_without_the_class_token() -> None:
    tokens = torch.arange(2 * 17 * 3).reshape(2, 17, 3).float()
    layout = feature_map_layout(tokens, nn.Identity())
    assert layout is not None
    maps = layout(tokens)
    assert maps.shape == (2, 3, 4, 4)
    assert torch.equal(maps[1, :, 2, 3], tokens[1, 1 + 2 * 4 + 3])
    whole = feature_map_layout(tokens[:, 1:], nn.Identity())
    assert whole is not None
    assert torch.equal(whole(tokens[:, 1:]), maps)


def test_channels_are_found_where_they_are() -> None:
    last, first = torch.rand(2, 4, 4, 5), torch.rand(2, 5, 4, 4)
    for output, layer, expected in (
        (last, nn.Identity(), last.permute(0, 3, 1, 2)),
        (first, nn.Identity(), first),
        (torch.ones(2, 4, 4, 4), nn.Identity(), torch.ones(2, 4, 4, 4)),
        (torch.rand(1, 4, 4, 4), nn.LayerNorm(4), None),
    ):
        layout = feature_map_layout(output, layer)
        assert layout is not None
        assert torch.equal(layout(output), output.permute(0, 3, 1, 2) if expected is None else expected)


@pytest.mark.parametrize("shape", [(2, 7, 3), (2, 2, 3), (2, 3), (2, 1, 3)])
def test_what_is_no_grid_is_no_feature_map(shape: tuple[int, ...]) -> None:
    assert feature_map_layout(torch.rand(shape), nn.Identity()) is None


def test_a_layer_of_a_users_network_is_named_as_its_author_named_it() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert find_layer(scorer_of(network).network, None, "grad_cam")[0] == "2"
    assert native_map(network, "0").shape == (2, SIDE_PX - 2, SIDE_PX - 2)
    with pytest.raises(BadSetting, match=r"(?s)such as 0, 2.*found: 'embed.0'"):
        native_map(network, "embed.0")


def test_a_network_that_computes_without_gradients_is_refused() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten())
    network.forward = torch.no_grad()(network.forward)  # type: ignore[method-assign]
    with pytest.raises(BadSetting, match="not by way of gradients"):
        native_map(network, None)
