"""All that a way of ranking attributes looks at, of one pair that no run has explained."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flows.explain.passes import PassedPair
from flows.explain.results import StoredResults
from flows.readers.attribute_model import read_attribute_model
from flows.readers.labelled_embeddings import read_labelled_embeddings
from flows.readers.normalised_maps import stage_normalisation
from flows.readers.pair_frame import read_pair_frame
from flows.readers.presence import estimate_presence
from flows.readers.replacement_effects import read_replacement_effects
from flows.readers.weights_table import best_weights, read_prior
from pipeline.attributes.predictor import predict_attributes
from pipeline.explanation.combination import ExplanationWeights
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.evidence import ExplanationEvidence
from pipeline.explanation.normalise_map import apply_normalisation
from pipeline.explanation.pair_effects import EmbeddedPairs, pair_effects
from pipeline.explanation.variants import VARIANTS
from pipeline.pairs.sampling import pair_id

# A stage whose settings say what the variants look at.
EXPLANATIONS = "explanations.valid"
CLASSIFIER = "classifier"


@dataclass(frozen=True)
class QueriedPair:
    """A pair of the two images, with the role of each.

    Attributes:
        results: of the run.
        passed: the two images after their passes.
        query: 0 where the first image is the query, 1 where the second is.
        map_yx: float32 (y, x), RISE's map of the query.
    """

    results: StoredResults
    passed: PassedPair
    query: int
    map_yx: np.ndarray

    @property
    def labelled_1a(self) -> np.ndarray:
        """Bool (1, attribute), what the query is labelled with."""
        return self.passed.images[self.query].labelled_a[None]

    @cached_property
    def pairs(self) -> EmbeddedPairs:
        """The pair as the embedding effect takes it."""
        images = self.passed.images
        embedded = LabelledEmbeddings(
            self.passed.embeddings_2d, np.stack([one.labelled_a for one in images]), [one.type for one in images]
        )
        groups: list[int] = self.results.upstream.table("vocabulary", "vocabulary")["group"].to_pylist()
        query_p, reference_p = np.array([self.query]), np.array([1 - self.query])
        masks = self.results.condition_masks
        return EmbeddedPairs(embedded, query_p, reference_p, [self.passed.condition], masks, groups)

    @cached_property
    def presence_1a(self) -> np.ndarray:
        """Float32 (1, attribute), probability that the query has each: the run's estimate, or as the run estimates."""
        upstream, image = self.results.upstream, self.passed.images[self.query]
        if image.split in ("valid", "test"):
            ids = upstream.table("images", "images", image.split)["image_id"].to_pylist()
            kept_1a: np.ndarray = upstream.arrays("presence", "presence", image.split)[[ids.index(image.key)]]
            return kept_1a
        embeddings_1d = self.passed.embeddings_2d[[self.query]]
        return estimate_presence(upstream, embeddings_1d, lambda: self._predicted(CLASSIFIER)[0][[self.query]])

    def evidence(self, variant: str) -> ExplanationEvidence:
        """Return what this variant looks at of the pair; other fields that take work are empty."""
        upstream, settings = self.results.upstream, self.results.inputs(EXPLANATIONS).settings
        needs, models = VARIANTS[variant].needs, VARIANTS[variant].models
        kinds = settings["prior_kinds"]
        names, images = self.results.attribute_names, self.passed.images
        predicted = {model: self._predicted(model) for model in models if "logits" in needs}
        weights: dict[tuple[str, str], ExplanationWeights] = {}
        if "weights" in needs:
            weights = {
                (model, kind): best_weights(upstream, model, kind) for model in models for kind in ("none", *kinds)
            }
        return ExplanationEvidence(
            seed=int(settings["seed"]),
            pair_ids=[pair_id("test", images[self.query].key, images[1 - self.query].key, self.passed.condition or "")],
            query_p=self.pairs.query_p,
            reference_p=self.pairs.reference_p,
            present_pa=self.labelled_1a,
            logits={model: logits_na for model, (logits_na, _) in predicted.items()},
            activations={model: maps for model, (_, maps) in predicted.items() if maps is not None},
            maps_pyx=apply_normalisation(self.map_yx[None], stage_normalisation(settings)),
            priors={kind: read_prior(upstream, kind, names) for kind in kinds} if "priors" in needs else {},
            prior_kind=settings["prior"],
            weights=weights,
            held_out_drops_pa=self._held_out_drops() if "held_out_drops_pa" in needs else np.zeros((0, len(names))),
            effects_pa=pair_effects(read_labelled_embeddings(upstream, "train"), self.pairs),
            presence_pa=self.presence_1a,
        )

    def _held_out_drops(self) -> np.ndarray:
        upstream = self.results.upstream
        return -read_replacement_effects(upstream, "valid", "removal", read_pair_frame(upstream, "valid"))

    def _predicted(self, model: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Return a model's logits (2, attribute) of both images, and their activation maps where it has any."""
        device = self.results.device
        network = read_attribute_model(self.results.upstream, f"attribute_model.{model}")
        pixels_nhwc = np.stack([one.pixels_hwc for one in self.passed.images])
        return predict_attributes(network, pixels_nhwc, device.batch_size, device.name)
