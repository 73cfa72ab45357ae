"""Conditions of a finished run's pairs: what benchmarks compare embeddings under, where the model is type-aware."""

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.conditions import read_condition_masks
from pipeline.similarity.conditions import project


class PairConditions:
    """The explained model's conditions; a model without any compares general embeddings."""

    def __init__(self, upstream: Upstream) -> None:
        self._masks = read_condition_masks(upstream)

    def mask_of(self, condition: str | None) -> np.ndarray | None:
        """Return float32 (D,), the mask of a condition; None of a model without conditions."""
        return None if self._masks is None else self._masks.of([condition])[0]

    def compared(self, embeddings_nd: np.ndarray, condition: str | None) -> np.ndarray:
        """Return unit-norm embeddings (image, D) as they are compared under a condition.

        Raises:
            BadModel: see project.
        """
        mask_d = self.mask_of(condition)
        return embeddings_nd if mask_d is None else project(embeddings_nd, mask_d)
