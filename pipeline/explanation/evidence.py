"""All that the variants may look at to rank the attributes of pairs."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from pipeline.explanation.combination import ExplanationTerms, ExplanationWeights, explanation_terms
from pipeline.randomness import keyed_rng

COUNT: Final = "count"
TCAV: Final = "tcav"


@dataclass(frozen=True)
class ExplanationEvidence:
    """What is known of the pairs that are explained; a variant says in `needs` which of these it looks at.

    Attributes:
        seed: keys random scores and the exchange of maps.
        pair_ids: of the pairs.
        query_p: int64 (pair,), row of each pair's query among the images.
        reference_p: int64 (pair,), row of each pair's reference.
        present_pa: bool (pair, attribute), the query is labelled with the attribute.
        logits: (image, attribute), by attribute model.
        activations: activation maps (image, attribute, y, x), by attribute model; only of those that have maps.
        maps_pyx: (pair, y, x), saliency maps as distributions on the grid of the activation maps.
        priors: (attribute,) by kind, "count" or "tcav", from validation pairs.
        prior_kind: the one that variants use which name no kind themselves.
        weights: of the terms of Eq. 4, by attribute model and kind of prior, "none", "count" or "tcav".
        held_out_drops_pa: (validation pair, attribute), drop of the score when the attribute is removed.
        effects_pa: (pair, attribute), drop predicted from the embedding, whether the query has the attribute or not.
        presence_pa: (pair, attribute), probed probability that the query has the attribute.
    """

    seed: int
    pair_ids: list[str]
    query_p: np.ndarray
    reference_p: np.ndarray
    present_pa: np.ndarray
    logits: Mapping[str, np.ndarray]
    activations: Mapping[str, np.ndarray]
    maps_pyx: np.ndarray
    priors: Mapping[str, np.ndarray]
    prior_kind: str
    weights: Mapping[tuple[str, str], ExplanationWeights]
    held_out_drops_pa: np.ndarray
    effects_pa: np.ndarray
    presence_pa: np.ndarray

    @property
    def n_attributes(self) -> int:
        """Length of the attribute axis."""
        return int(self.present_pa.shape[1])

    def terms(self, model: str, prior_kind: str = COUNT) -> ExplanationTerms:
        """Return the three terms of Eq. 4 with the confidences and activation maps of an attribute model.

        Raises:
            BadSetting: grids, attributes or pairs of the arrays disagree, or the prior has no positive entry.
        """
        if model not in self._terms_of:
            self._terms_of[model] = explanation_terms(
                self.logits[model], self.activations[model], self.maps_pyx, self.query_p, self.priors[COUNT]
            )
        counted = self._terms_of[model]
        if prior_kind == COUNT:
            return counted
        # What takes long, the match of the maps, does not depend on the prior.
        return counted.with_prior(self.priors[prior_kind])

    @cached_property
    def _terms_of(self) -> dict[str, ExplanationTerms]:
        """The terms that were asked for, because several variants share them."""
        return {}

    def with_shuffled_maps(self) -> "ExplanationEvidence":
        """Return the same with maps exchanged between pairs, as the controls of map matching see it."""
        shuffled = keyed_rng(self.seed, "shuffled maps").permutation(len(self.pair_ids))
        return dataclasses.replace(self, maps_pyx=self.maps_pyx[shuffled])
