"""Names of the parts of a match: the attribute whose direction each part's share of the score follows."""

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.labelled_embeddings import read_labelled_embeddings
from pipeline.explanation.conditional_directions import fit_conditional_directions
from pipeline.explanation.embedding_effect import removal_shifts
from pipeline.randomness import keyed_rng
from pipeline.saliency.correspondence.naming import ComponentName, component_names, random_directions
from pipeline.similarity.conditions import ConditionMasks


class ComponentNamer:
    """Names components by attributes, given training embeddings; directions are fitted once for all pairs.

    Args:
        upstream: must hold `images`, `vocabulary` and `embeddings` of the training split.
        seed: of the run; draws the random directions that a name has to beat.
        masks: of a model with conditions, else None.
    """

    def __init__(self, upstream: Upstream, seed: int, masks: ConditionMasks | None) -> None:
        train = read_labelled_embeddings(upstream, "train")
        self._fitted = fit_conditional_directions(train.embeddings_nd, train.labels_na, train.types_n)
        self._groups: list[int] = upstream.table("vocabulary", "vocabulary")["group"].to_pylist()
        self._masks = masks
        self._chance_cd = random_directions(train.embeddings_nd, keyed_rng(seed, "directions that name components"))
        self._directions: dict[str, np.ndarray] = {}

    def of(
        self,
        vectors: tuple[np.ndarray, np.ndarray],
        has_2a: np.ndarray,
        types: tuple[str, str],
        condition: str | None,
    ) -> list[ComponentName]:
        """Return what each component of a pair is about.

        Args:
            vectors: (component, D) what its region adds to the query's embedding, and to the reference's.
            has_2a: bool (2, attribute), what query and reference are labelled with.
            types: item type (or class) of both; empty where unknown.
            condition: of the pair, None without one.
        """
        # An image without labels denies none.
        in_both_a = (has_2a | ~has_2a.any(axis=1, keepdims=True)).all(axis=0)
        towards = self._towards(types[0]), self._towards(types[1])
        chance_cd = self._chance_cd
        if self._masks is not None:
            # Directions lie in the general embedding; a condition weighs its dimensions.
            mask_d = self._masks.of([condition])[0]
            towards, chance_cd = (towards[0] * mask_d, towards[1] * mask_d), chance_cd * mask_d
        return component_names(*vectors, towards, np.flatnonzero(in_both_a).tolist(), chance_cd)

    def _towards(self, image_type: str) -> np.ndarray:
        """Return (attribute, D) of having each attribute, for images of this type."""
        if image_type not in self._directions:
            self._directions[image_type] = -removal_shifts(self._fitted.of(image_type).directions_ad, self._groups)
        return self._directions[image_type]
