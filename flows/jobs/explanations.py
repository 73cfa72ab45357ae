"""Scores of every attribute for every test pair under every variant, and the ranked table people query."""

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.normalised_maps import read_normalised_maps, stage_normalisation
from flows.readers.pair_frame import (
    PairFrame,
    read_attribute_activations,
    read_attribute_logits,
    read_pair_frame,
    read_pair_values,
)
from flows.readers.replacement_effects import read_replacement_effects
from flows.readers.weights_table import best_weights, read_prior
from pipeline.explanation.combination import ExplanationTerms, rank_attributes
from pipeline.explanation.evidence import ExplanationEvidence
from pipeline.explanation.variants import variant_scores
from stores.parts import ArraysPart, Part

RANKS_IN_TABLE = 10
# Whose terms stand beside every variant's answers.
SHOWN_MODEL = "sane"


def run(inputs: JobInputs) -> JobResult:
    """Return `scores` (variant, pair, attribute); of test pairs the table `explanations` with the top ranks, too."""
    split = inputs.settings["split"]
    frame = read_pair_frame(inputs.upstream, split)
    evidence = _read_evidence(inputs, frame)
    scores = variant_scores(inputs.settings["variants"], evidence)
    stacked = np.stack(list(scores.values())).astype(np.float32)
    parts: dict[str, Part] = {
        "scores": ArraysPart({"scores": stacked}, {"scores": ("variant", "pair", "attribute")}),
    }
    if split == "test":
        terms = evidence.terms(SHOWN_MODEL) if SHOWN_MODEL in evidence.activations else None
        tables = [ranked_table(frame, name, scores_pa, terms) for name, scores_pa in scores.items()]
        parts["explanations"] = inputs.arrow_table("explanations", pa.concat_tables(tables))
    return JobResult(parts, {"pairs": len(frame.pair_ids), "variants": len(scores)})


def _read_evidence(inputs: JobInputs, frame: PairFrame) -> ExplanationEvidence:
    upstream, settings = inputs.upstream, inputs.settings
    held_out = read_pair_frame(upstream, "valid")
    models, matched = settings["models"], settings["matched_models"]
    effects = (f"embedding_effects.{frame.split}", "embedding_effects")
    return ExplanationEvidence(
        seed=int(settings["seed"]),
        pair_ids=frame.pair_ids,
        query_p=frame.query_p,
        reference_p=frame.reference_p,
        present_pa=frame.present_pa,
        logits={model: read_attribute_logits(upstream, model, frame.split) for model in models},
        activations={model: read_attribute_activations(upstream, model, frame.split) for model in matched},
        maps_pyx=read_normalised_maps(upstream, settings["maps"], frame.pair_ids, stage_normalisation(settings)),
        priors={kind: read_prior(upstream, kind, frame.attribute_names) for kind in settings["prior_kinds"]},
        prior_kind=settings["prior"],
        weights={
            (model, kind): best_weights(upstream, model, kind)
            for model in matched
            for kind in ("none", *settings["prior_kinds"])
        },
        held_out_drops_pa=-read_replacement_effects(upstream, "valid", "removal", held_out),
        effects_pa=read_pair_values(upstream, *effects, "effect", frame),
        presence_pa=upstream.arrays("presence", "presence", frame.split)[frame.query_p],
    )


def ranked_table(frame: PairFrame, variant: str, scores_pa: np.ndarray, terms: ExplanationTerms | None) -> pa.Table:
    """Return the table's rows of one variant: of each pair the attributes that it ranks first, with their terms."""
    order_pa = rank_attributes(scores_pa)[:, :RANKS_IN_TABLE]
    n_pairs, ranks = order_pa.shape
    rows = np.repeat(np.arange(n_pairs), ranks)
    columns = order_pa.ravel()
    score = scores_pa[rows, columns].astype(np.float64)
    names = np.array(frame.attribute_names, dtype=object)
    return pa.table(
        {
            "pair_id": pa.array(np.array(frame.pair_ids, dtype=object)[rows]),
            "split": pa.array(["test"] * len(rows)),
            "variant": pa.array([variant] * len(rows)),
            "rank": pa.array(np.tile(np.arange(1, ranks + 1), n_pairs)),
            "attribute": pa.array(names[columns]),
            "score": pa.array(score, mask=~np.isfinite(score)),
            "confidence": _term(terms.confidence_pa[rows, columns] if terms else None, len(rows)),
            "map_match": _term(terms.map_match_pa[rows, columns] if terms else None, len(rows)),
            "prior": _term(terms.prior_pa[rows, columns] if terms else None, len(rows)),
            "is_ground_truth": pa.array(frame.present_pa[rows, columns]),
        }
    )


def _term(values: np.ndarray | None, n_rows: int) -> pa.Array:
    """Return a column of numbers; null where a value is NaN, or everywhere where the term is unknown."""
    return pa.nulls(n_rows, pa.float64()) if values is None else pa.array(values, mask=np.isnan(values))
