"""Small similarity models for the saliency tests, with their float64 twins."""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from pipeline.images import normalise_pixels
from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest
from pipeline.saliency.rise.masks import MaskDraws
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as oracle

SIZE_PX = 32


def small_scorer(network: str = "small_residual", batch_size: int = 25) -> SimilarityScorer:
    """Return a model with batch norms folded, as the pipeline runs it, whose embeddings are spread out.

    Untrained networks embed everything within a narrow cone; moving the cone's axis to the origin gives scores
    as different as a trained model's.
    """
    folded = fold_batch_norms(build_embedding_network(network, 12, seed=3))
    with torch.inference_mode():
        axis = folded(normalise_pixels(random_pixels(16, seed=99))).mean(dim=0)
    list(folded.parameters())[-1].data -= axis  # the bias of the last layer
    return SimilarityScorer(folded, batch_size=batch_size)


def unbiased_scorer(network: str = "small_residual", batch_size: int = 25) -> SimilarityScorer:
    """Return the same model with a last layer without bias, for maps from gradients.

    Such a score does not change with the activations' length, so the weighted channels sum to 0 over the image and
    some of every map is positive; a large bias may leave it negative, and rectified away, everywhere.
    """
    scorer = small_scorer(network, batch_size)
    list(scorer.network.parameters())[-1].data.zero_()
    return scorer


def float64_embed(network: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of one image (3, y, x) that runs a float64 copy of the network."""
    exact = copy.deepcopy(network).double().eval()

    def embed(image_chw: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(exact(torch.tensor(image_chw)[None])[0])

    return embed


def random_pixels(images: int, seed: int = 0, size_px: int = SIZE_PX) -> np.ndarray:
    """Return blocky random images, whose parts differ enough for a map to have structure."""
    blocks = np.random.default_rng(seed).integers(0, 256, (images, 4, 4, 3), dtype=np.uint8)
    return blocks.repeat(size_px // 4, axis=1).repeat(size_px // 4, axis=2)


def oracle_masks(draws: MaskDraws) -> np.ndarray:
    """Return the draws' masks (mask, y, x) as the oracle makes them."""
    return oracle.masks(draws.grids_ncc, draws.shifts_n2, draws.cell_size_px, draws.image_size_px)


def display_maps(generator: SaliencyGenerator, request: SaliencyRequest) -> np.ndarray:
    """Return the maps (reference, y, x) of a single request."""
    return generator([request])[0].display_khw


class CountingNetwork(nn.Module):
    """Passes images through a network and remembers how many there were, and their types and shapes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.batches: list[tuple[int, ...]] = []
        self.dtypes: set[torch.dtype] = set()
        network.register_forward_hook(self._remember)

    def _remember(self, _: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        self.batches.append(tuple(inputs[0].shape))
        self.dtypes |= {inputs[0].dtype, output.dtype}

    @property
    def images(self) -> int:
        """Return how many images have passed."""
        return sum(shape[0] for shape in self.batches)

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return the network's output."""
        output: torch.Tensor = self.network(images_nchw)
        return output
