"""grad-cam's `GradCAM` of the cosine of query and reference: a batch of pairs, the query repeated for each."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from torch.nn import functional

from benchmarks.peers.workbench import Workbench
from pipeline.saliency.gradients.layers import find_layer


@dataclass(frozen=True)
class _Similarity:
    """What it differentiates: an embedding's cosine with a reference."""

    reference_d: torch.Tensor

    def __call__(self, embedding_d: torch.Tensor) -> torch.Tensor:
        return functional.cosine_similarity(embedding_d, self.reference_d, dim=0)


class GradCamOfPairs:
    """Its generator for the network as built, at our layer; it hooks a network of its own."""

    def __init__(self, bench: Workbench) -> None:
        network = copy.deepcopy(bench.plain)
        _, layer = find_layer(network, None, "grad_cam")
        self._cam = GradCAM(model=network, target_layers=[layer])
        self._bench = bench

    def maps(self, queries: int, references: int) -> np.ndarray:
        """Return maps (pair, y, x), 0 to 1, of as many copies of the query."""
        targets = [_Similarity(row) for row in torch.from_numpy(self._bench.references_kd[:references])] * queries
        images_nchw = self._bench.query_chw.expand(len(targets), -1, -1, -1)
        step = self._bench.case.batch
        parts = [
            self._cam(input_tensor=images_nchw[start : start + step], targets=targets[start : start + step])
            for start in range(0, len(targets), step)
        ]
        return np.concatenate(parts)
