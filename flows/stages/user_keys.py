"""The user's key of settings that stages share; what a stage calls otherwise stands with the stage, in `Stage.keys`."""

from collections.abc import Iterable, Mapping

from flows.engine.reasons import DERIVED

# They follow from the stage's name, or from keys that other settings show.
FOLLOWS = (
    "attribute_maps",
    "attribute_model",
    "audited",
    "both_sides",
    "colour_prefixes",
    "colours",
    "compatibility",
    "explained",
    "generator",
    "has_tcav",
    "has_conditions",
    "has_outfits",
    "has_attributes",
    "recall_ranks",
    "retrieval",
    "shared_unit",
    "map_dtype",
    "map_size_px",
    "maps",
    "may_answer",
    "matched_models",
    "mode",
    "models",
    "name",
    "perturbed",
    "prior_kinds",
    "reads",
    "sensitivity_radius",
    "recolouring",
    "similarity_model",
    "sparse_labels",
    "split",
    "types",
    "within_type",
)
SHARED_KEYS: Mapping[str, str] = {
    **dict.fromkeys(FOLLOWS, DERIVED),
    "answer": "explanation.answer",
    "attribute_models": "attribute_model.names",
    "both_directions": "pairs.both_directions",
    "bootstrap_samples": "evaluation.bootstrap_samples",
    "canvas": "dataset.canvas",
    "dataset": "dataset.kind",
    "crop_share": "discovery.crop_share",
    "curve_pairs": "evaluation.curve_pairs",
    "curves": "evaluation.curves",
    "drivers": "dataset.drivers",
    "embedding_dim": "similarity_model.embedding_dim",
    "generator_modes": "saliency.generators",
    "image_size_px": "dataset.image_size_px",
    "map_normalisation": "attribute_model.map_normalisation",
    "label_mode": "dataset.label_mode",
    "map_temperature": "attribute_model.map_temperature",
    "map_protocols": "evaluation.map_protocols",
    "match_threshold": "pairs.match_threshold",
    "precision": "compute.precision",
    "presence": "explanation.presence",
    "prior": "explanation.prior",
    "prior_measure": "explanation.prior_measure",
    "prior_smoothing": "explanation.prior_smoothing",
    "refits": "explanation.refits",
    "replacement_models": "evaluation.replacement_models",
    "replacements": "evaluation.replacements",
    "seed": "seed",
    "set_share": "explanation.set_share",
    "supervision": "saliency.supervision",
    "variants": "explanation.variants",
    "weights": "explanation.weights",
    "weights_measure": "explanation.weights_measure",
    "weight_grid_step": "explanation.weight_grid_step",
}


def keys_in(section: str, names: Iterable[str]) -> dict[str, str]:
    """Return the keys of settings that are called as in their section of the configuration."""
    return {name: f"{section}.{name}" for name in names}
