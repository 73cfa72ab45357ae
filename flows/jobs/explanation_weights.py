"""The count prior and the weights of Eq. 4 for each attribute model, from different halves of the validation pairs."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.normalised_maps import read_normalised_maps, stage_normalisation
from flows.readers.pair_frame import read_attribute_activations, read_attribute_logits, read_pair_frame
from flows.readers.replacement_effects import read_replacement_effects
from pipeline.explanation.combination import explanation_terms
from pipeline.explanation.count_prior import count_prior
from pipeline.explanation.weight_grid import GridResult, WeightGridSpec, choose_weights, cross_fit_halves
from stores.parts import Part


def run(inputs: JobInputs) -> JobResult:
    """Return the tables `prior` and `weight_grid` (with and without the prior; each has one best row a model)."""
    settings = inputs.settings
    frame = read_pair_frame(inputs.upstream, "valid")
    drops_pa = -read_replacement_effects(inputs.upstream, "valid", "removal", frame)
    fits_prior_p = cross_fit_halves(np.array(frame.queries), settings["seed"])
    present_pa = frame.present_pa
    prior_a = count_prior(drops_pa[fits_prior_p], present_pa[fits_prior_p], settings["prior_smoothing"])
    maps = read_normalised_maps(inputs.upstream, settings["maps"], frame.pair_ids, stage_normalisation(settings))
    grid = ~fits_prior_p
    rows = []
    for model in settings["models"]:
        logits_na = read_attribute_logits(inputs.upstream, model, "valid")
        activations_nahw = read_attribute_activations(inputs.upstream, model, "valid")
        terms = explanation_terms(logits_na, activations_nahw, maps[grid], frame.query_p[grid], prior_a)
        for kind, use_prior in (("count", True), ("none", False)):
            spec = WeightGridSpec(step=settings["weight_grid_step"], use_prior=use_prior)
            rows += _rows(choose_weights(terms, drops_pa[grid], present_pa[grid], spec), model, kind)
    prior = [
        {"attribute": name, "kind": "count", "value": float(value), "significance": None}
        for name, value in zip(frame.attribute_names, prior_a, strict=True)
    ]
    parts: dict[str, Part] = {
        "prior": inputs.table("prior", prior),
        "weight_grid": inputs.table("weight_grid", rows),
    }
    counts = {
        "pairs_for_prior": int(fits_prior_p.sum()),
        "pairs_for_grid": int(grid.sum()),
        "grid_points": len(rows),
    }
    return JobResult(parts, counts)


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
