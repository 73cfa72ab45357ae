"""Scores of every attribute for every test pair under every variant, and the ranked table people query."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.variant_names import SHUFFLED, all_variants
from flows.readers.normalised_maps import read_normalised_maps
from flows.readers.pair_frame import (
    PairFrame,
    read_attribute_scores,
    read_pair_frame,
    read_pair_values,
)
from flows.readers.weights_table import best_weights
from pipeline.explanation.combination import ExplanationTerms, explanation_terms, rank_attributes
from pipeline.explanation.embedding_effect import presence_weighted_effects
from pipeline.explanation.variants import (
    best_constant_scores,
    confidence_scores,
    matched_prior_scores,
    matched_scores,
    predicted_in_both_scores,
    prior_only_scores,
    random_scores,
)
from pipeline.randomness import keyed_rng
from stores.parts import ArraysPart, Part

RANKS_IN_TABLE = 10


@dataclass(frozen=True)
class Evidence:
    """All that the variants draw on for the test pairs."""

    frame: PairFrame
    sane_logits_na: np.ndarray
    sane_activations: np.ndarray
    classifier_logits_na: np.ndarray
    maps_pcc: np.ndarray
    prior_a: np.ndarray
    held_out_drops_pa: np.ndarray
    effects_pa: np.ndarray
    presence_pa: np.ndarray


def run(inputs: JobInputs) -> JobResult:
    """Return `scores` (variant, pair, attribute) and the table `explanations` with the top ranks."""
    evidence = _read_evidence(inputs)
    variants = list(inputs.settings["variants"])
    scores = _variant_scores(inputs, evidence, variants)
    terms = _terms(evidence, evidence.maps_pcc)
    tables = [_ranked_table(evidence, name, scores[name], terms) for name in scores]
    stacked = np.stack([scores[name] for name in scores]).astype(np.float32)
    parts: dict[str, Part] = {
        "scores": ArraysPart({"scores": stacked}, {"scores": ("variant", "pair", "attribute")}),
        "explanations": inputs.arrow_table("explanations", pa.concat_tables(tables)),
    }
    return JobResult(parts, {"pairs": len(evidence.frame.pair_ids), "variants": len(scores)})


def _read_evidence(inputs: JobInputs) -> Evidence:
    upstream, settings = inputs.upstream, inputs.settings
    frame = read_pair_frame(upstream, "test")
    held_out = read_pair_frame(upstream, "valid")
    sane_logits, sane_activations = read_attribute_scores(upstream, "sane", "test")
    return Evidence(
        frame,
        sane_logits,
        sane_activations,
        read_attribute_scores(upstream, "classifier", "test")[0],
        read_normalised_maps(upstream, settings["maps"], frame.pair_ids, settings["map_temperature"]),
        _prior(upstream, frame),
        -read_pair_values(upstream, "replacements.valid", "replacements", "effect", held_out),
        read_pair_values(upstream, "embedding_effects.test", "embedding_effects", "effect", frame),
        read_pair_values(upstream, "embedding_effects.test", "embedding_effects", "present_probability", frame),
    )


def _prior(upstream: Upstream, frame: PairFrame) -> np.ndarray:
    table = upstream.table("explanation_weights", "prior")
    value = dict(zip(table["attribute"].to_pylist(), table["value"].to_pylist(), strict=True))
    return np.array([value[name] for name in frame.attribute_names])


def _terms(evidence: Evidence, maps_pcc: np.ndarray) -> ExplanationTerms:
    return explanation_terms(
        evidence.sane_logits_na, evidence.sane_activations, maps_pcc, evidence.frame.query_p, evidence.prior_a
    )


def _variant_scores(inputs: JobInputs, evidence: Evidence, variants: list[str]) -> dict[str, np.ndarray]:
    frame, seed = evidence.frame, int(inputs.settings["seed"])
    n_pairs = len(frame.pair_ids)
    with_prior = best_weights(inputs.upstream, "count")
    without_prior = best_weights(inputs.upstream, "none")
    shuffled = keyed_rng(seed, "shuffled maps").permutation(n_pairs)
    terms = {"": _terms(evidence, evidence.maps_pcc), SHUFFLED: _terms(evidence, evidence.maps_pcc[shuffled])}
    # All variants are cheap beside the maps, so those not asked for are made and dropped.
    made = {
        "random": random_scores(seed, frame.pair_ids, len(frame.attribute_names)),
        "best_constant": best_constant_scores(evidence.held_out_drops_pa, n_pairs),
        "prior_only": prior_only_scores(evidence.prior_a, n_pairs),
        "predicted_in_both": predicted_in_both_scores(evidence.classifier_logits_na, frame.query_p, frame.reference_p),
        "classifier": confidence_scores(evidence.classifier_logits_na, frame.query_p),
        "sane": confidence_scores(evidence.sane_logits_na, frame.query_p),
        # Told which attributes the query has; +presence has to find out.
        "embedding_effect": np.where(frame.present_pa, evidence.effects_pa, -np.inf),
        "embedding_effect+presence": presence_weighted_effects(
            evidence.effects_pa, evidence.presence_pa, np.arange(n_pairs)
        ),
    }
    for suffix, chosen in terms.items():
        made[f"sane+match{suffix}"] = matched_scores(chosen, without_prior)
        made[f"sane+match+count{suffix}"] = matched_prior_scores(chosen, with_prior)
    return {name: made[name] for name in all_variants(variants)}


def _ranked_table(evidence: Evidence, variant: str, scores_pa: np.ndarray, terms: ExplanationTerms) -> pa.Table:
    frame = evidence.frame
    order_pa = rank_attributes(scores_pa)[:, :RANKS_IN_TABLE]
    n_pairs, ranks = order_pa.shape
    rows = np.repeat(np.arange(n_pairs), ranks)
    columns = order_pa.ravel()
    score = scores_pa[rows, columns].astype(np.float64)
    match = terms.map_match_pa[rows, columns]
    names = np.array(frame.attribute_names, dtype=object)
    return pa.table(
        {
            "pair_id": pa.array(np.array(frame.pair_ids, dtype=object)[rows]),
            "split": pa.array(["test"] * len(rows)),
            "variant": pa.array([variant] * len(rows)),
            "rank": pa.array(np.tile(np.arange(1, ranks + 1), n_pairs)),
            "attribute": pa.array(names[columns]),
            "score": pa.array(score, mask=~np.isfinite(score)),
            "confidence": pa.array(terms.confidence_pa[rows, columns]),
            "map_match": pa.array(match, mask=np.isnan(match)),
            "prior": pa.array(terms.prior_pa[rows, columns]),
            "is_ground_truth": pa.array(frame.present_pa[rows, columns]),
        }
    )
