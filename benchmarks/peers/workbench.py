"""What all rows share: one network twice, as built and as this project runs it, the images, and the yardstick."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from skimage import data
from skimage.transform import resize
from torch import nn
from torch.nn import functional

from benchmarks.perturbation_speed import REFERENCES, Case
from pipeline.images import normalise_pixels
from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyRequest
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

EMBEDDING_DIM = 64


@dataclass(frozen=True)
class Workbench:
    """A case, ready to be timed.

    Attributes:
        case: network, size and batch.
        plain: the network as it is built: batch norms of their own, weights in torch's usual layout. Peers get it.
        scorer: the same network with batch norms folded and channels last.
        pixels_khwc: uint8 (1 + reference, y, x, 3), the query first.
        references_kd: float32 unit-norm embeddings of the references.
        noise_nchw: a full batch for the yardstick, as the plain network takes it.
        noise_channels_last: the same batch as the folded network takes it.
    """

    case: Case
    plain: nn.Module
    scorer: SimilarityScorer
    pixels_khwc: np.ndarray
    references_kd: np.ndarray
    noise_nchw: torch.Tensor
    noise_channels_last: torch.Tensor

    @property
    def query_chw(self) -> torch.Tensor:
        """The normalised query, float32 (3, y, x), contiguous."""
        return normalise_pixels(self.pixels_khwc[:1])[0].contiguous()

    @property
    def reference_images_kchw(self) -> torch.Tensor:
        """The normalised references, float32 (reference, 3, y, x), contiguous."""
        return normalise_pixels(self.pixels_khwc[1:]).contiguous()

    def request(self, references: int) -> SaliencyRequest:
        """Return what our generators take: the query and its first references."""
        ids = tuple(str(number) for number in range(references))
        pixels = self.pixels_khwc[1 : 1 + references]
        return SaliencyRequest("query", self.pixels_khwc[0], self.references_kd[:references], None, ids, pixels)

    def similarities(self, images_nchw: torch.Tensor, references: int = 1) -> torch.Tensor:
        """Return the plain network's scores (image, reference), one pass: the black box that peers get."""
        with torch.inference_mode():
            embeddings = functional.normalize(self.plain(images_nchw), dim=1)
            return embeddings @ torch.from_numpy(self.references_kd[:references]).T

    def run_bare(self, passes: int) -> None:
        """Run the yardstick: passes of the folded network in full batches."""
        _run(self.scorer.network, self.noise_channels_last, passes)

    def run_plain(self, passes: int) -> None:
        """Run as many passes of the plain network, which is what peers wait for at least."""
        _run(self.plain, self.noise_nchw, passes)

    def with_precision(self, precision: str) -> SimilarityScorer:
        """Return our scorer at another precision."""
        return SimilarityScorer(self.scorer.network, "cpu", precision, self.case.batch)


def build_workbench(case: Case) -> Workbench:
    """Return a workbench with an untrained network and parts of a photograph; nothing is downloaded.

    An untrained network embeds within a narrow cone (scores near 1). It is shifted, so that scores differ as a trained
    network's do: maps of scores that differ by a thousandth would be compared in the last bits.
    """
    pixels = parts_of_a_photograph(case.size_px)
    plain = build_embedding_network(case.network, EMBEDDING_DIM).eval()
    with torch.inference_mode():
        shift_d = plain(normalise_pixels(pixels).contiguous()).mean(dim=0)
    # The last parameter is the bias of the last layer.
    list(plain.parameters())[-1].data -= shift_d.clone()
    folded = fold_batch_norms(copy.deepcopy(plain)).to(memory_format=torch.channels_last)
    scorer = SimilarityScorer(folded, "cpu", "float32", case.batch)
    chosen = pixels[: 1 + REFERENCES]
    noise = torch.randn(case.batch, 3, case.size_px, case.size_px)
    # Turned over here, not while the yardstick is timed.
    turned = noise.contiguous(memory_format=torch.channels_last)
    return Workbench(case, plain, scorer, chosen, scorer.embed(chosen[1:]), noise, turned)


def parts_of_a_photograph(size_px: int) -> np.ndarray:
    """Return uint8 (image, y, x, 3): the whole photograph, then sixteen parts of it."""
    photograph = data.astronaut()  # type: ignore[no-untyped-call]
    side = len(photograph) // 2
    starts = range(0, side + 1, side // 3)
    parts = [photograph, *(photograph[y : y + side, x : x + side] for y in starts for x in starts)]
    resized = [resize(part, (size_px, size_px), anti_aliasing=True) for part in parts]  # type: ignore[no-untyped-call]
    return (np.stack(resized) * 255).astype(np.uint8)


def _run(network: nn.Module, images: torch.Tensor, passes: int) -> None:
    with torch.inference_mode():
        for start in range(0, passes, len(images)):
            network(images[: min(len(images), passes - start)])
