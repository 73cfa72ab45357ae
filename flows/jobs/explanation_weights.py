"""The priors and the weights of Eq. 4 for each attribute model, from different halves of the validation pairs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.labelled_embeddings import read_labelled_embeddings
from flows.readers.normalised_maps import read_normalised_maps, stage_normalisation
from flows.readers.pair_frame import (
    PairFrame,
    read_attribute_activations,
    read_attribute_logits,
    read_embeddings,
    read_pair_frame,
)
from flows.readers.replacement_effects import read_replacement_effects
from pipeline.explanation.answer.refits import independent_units
from pipeline.explanation.combination import ExplanationTerms, ExplanationWeights, explanation_terms
from pipeline.explanation.count_prior import count_prior
from pipeline.explanation.evidence import COUNT, TCAV
from pipeline.explanation.tcav_prior import ConceptImages, tcav_prior
from pipeline.explanation.weight_grid import (
    GridResult,
    WeightGridSpec,
    choose_weights,
    cross_fit_halves,
    preset_weights,
)
from pipeline.explanation.weight_sensitivity import WeightSensitivity, weight_sensitivity
from stores.parts import Part


def run(inputs: JobInputs) -> JobResult:
    """Return the tables `prior`, `weight_grid` (by kind of prior and without one; each has one best row a model) and
    `weight_sensitivity` (a row for each of these grids).
    """
    settings = inputs.settings
    frame = read_pair_frame(inputs.upstream, "valid")
    drops_pa = -read_replacement_effects(inputs.upstream, "valid", settings["weights_measure"], frame)
    fits_prior_p = cross_fit_halves(np.array(frame.queries), settings["seed"])
    present_pa = frame.present_pa
    priors, prior_rows = _priors(inputs, frame, fits_prior_p)
    maps = read_normalised_maps(inputs.upstream, settings["maps"], frame.pair_ids, stage_normalisation(settings))
    grid = ~fits_prior_p
    rows, near_rows = [], []
    for model in settings["models"]:
        logits_na = read_attribute_logits(inputs.upstream, model, "valid")
        activations_nahw = read_attribute_activations(inputs.upstream, model, "valid")
        terms = explanation_terms(logits_na, activations_nahw, maps[grid], frame.query_p[grid], priors[COUNT])
        for kind in (*priors, "none"):
            of_kind = terms if kind in (COUNT, "none") else terms.with_prior(priors[kind])
            spec = WeightGridSpec(step=settings["weight_grid_step"], use_prior=kind != "none")
            result = _chosen(settings, of_kind, drops_pa[grid], present_pa[grid], spec)
            rows += _rows(result, model, kind)
            near_rows.append(
                _sensitivity_row(weight_sensitivity(of_kind, result, settings["sensitivity_radius"]), model, kind)
            )
    parts: dict[str, Part] = {
        "prior": inputs.table("prior", prior_rows),
        "weight_grid": inputs.table("weight_grid", rows),
        "weight_sensitivity": inputs.table("weight_sensitivity", near_rows),
    }
    counts = {
        "pairs_for_prior": int(fits_prior_p.sum()),
        "pairs_for_grid": int(grid.sum()),
        "grid_points": len(rows),
    }
    return JobResult(parts, counts)


def _priors(
    inputs: JobInputs, frame: PairFrame, fits_prior_p: np.ndarray
) -> tuple[dict[str, np.ndarray], list[dict[str, object]]]:
    """Return the priors (attribute,) by kind, from the half of the pairs that fits them, and their rows."""
    settings, upstream = inputs.settings, inputs.upstream
    present_pa = frame.present_pa[fits_prior_p]
    drops_pa = -read_replacement_effects(upstream, "valid", settings["prior_measure"], frame)[fits_prior_p]
    priors = {COUNT: count_prior(drops_pa, present_pa, settings["prior_smoothing"])}
    significance = {COUNT: np.full(len(priors[COUNT]), np.nan)}
    if settings["has_tcav"]:
        train = read_labelled_embeddings(upstream, "train")
        images = ConceptImages(train.embeddings_nd, train.labels_na, independent_units(train))
        embeddings_nd = read_embeddings(upstream, "valid")
        queries, references = (embeddings_nd[rows[fits_prior_p]] for rows in (frame.query_p, frame.reference_p))
        tcav = tcav_prior(images, queries, references, present_pa, int(settings["seed"]))
        priors[TCAV], significance[TCAV] = tcav.prior_a, tcav.p_value_a
    rows: list[dict[str, object]] = [
        {"attribute": name, "kind": kind, "value": float(value), "significance": None if np.isnan(p) else float(p)}
        for kind, prior_a in priors.items()
        for name, value, p in zip(frame.attribute_names, prior_a, significance[kind], strict=True)
    ]
    return priors, rows


def _chosen(
    settings: Mapping[str, Any],
    terms: ExplanationTerms,
    drops_pa: np.ndarray,
    present_pa: np.ndarray,
    spec: WeightGridSpec,
) -> GridResult:
    """Return the grid with its best point, or with the weights that were fixed beforehand."""
    if settings["weights"] == "grid":
        return choose_weights(terms, drops_pa, present_pa, spec)
    preset = ExplanationWeights(*map(float, settings["weights"]))
    return preset_weights(terms, drops_pa, present_pa, spec, preset)


def _rows(result: GridResult, model: str, prior_kind: str) -> list[dict[str, object]]:
    return [
        {
            "model": model,
            "confidence_weight": row.confidence_weight,
            "map_match_weight": row.map_match_weight,
            "prior_weight": row.prior_weight,
            "prior_kind": prior_kind,
            "objective": row.objective,
            "top1_accuracy": row.top1_accuracy,
            "is_best": row.is_best,
        }
        for row in result.rows
    ]


def _sensitivity_row(one: WeightSensitivity, model: str, prior_kind: str) -> dict[str, object]:
    return {
        "model": model,
        "prior_kind": prior_kind,
        "points": one.n_points,
        "pairs": one.n_pairs,
        "objective": one.objective,
        "least_objective": one.least_objective,
        "largest_objective": one.largest_objective,
        "mean_changed": one.mean_changed,
        "most_changed": one.most_changed,
        "ever_changed": one.ever_changed,
    }
