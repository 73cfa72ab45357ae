"""The user's key of settings that stages share; what a stage calls otherwise stands with the stage, in `Stage.keys`."""

from collections.abc import Iterable, Mapping

from flows.engine.reasons import DERIVED

# They follow from the stage's name, or from keys that other settings show.
FOLLOWS = (
    "attribute_model",
    "audited",
    "compatibility",
    "generator",
    "has_conditions",
    "has_outfits",
    "shared_unit",
    "map_dtype",
    "map_size_px",
    "maps",
    "mode",
    "name",
    "perturbed",
    "reads",
    "similarity_model",
    "split",
    "within_type",
)
SHARED_KEYS: Mapping[str, str] = {
    **dict.fromkeys(FOLLOWS, DERIVED),
    "attribute_models": "attribute_model.names",
    "bootstrap_samples": "evaluation.bootstrap_samples",
    "canvas": "dataset.canvas",
    "dataset": "dataset.kind",
    "curve_pairs": "evaluation.curve_pairs",
    "curves": "evaluation.curves",
    "embedding_dim": "similarity_model.embedding_dim",
    "generator_modes": "saliency.generators",
    "image_size_px": "dataset.image_size_px",
    "map_temperature": "attribute_model.map_temperature",
    "match_threshold": "pairs.match_threshold",
    "precision": "compute.precision",
    "prior_smoothing": "explanation.prior_smoothing",
    "seed": "seed",
    "supervision": "saliency.supervision",
    "variants": "explanation.variants",
    "weight_grid_step": "explanation.weight_grid_step",
}


def keys_in(section: str, names: Iterable[str]) -> dict[str, str]:
    """Return the keys of settings that are called as in their section of the configuration."""
    return {name: f"{section}.{name}" for name in names}
