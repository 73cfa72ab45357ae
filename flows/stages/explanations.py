"""The weights of confidence, map matching and prior, and the score of every attribute under every variant."""

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.attribute_models import map_normalisation_values
from flows.stages.reads import LABELS, pair_reads, single_shard_stage
from flows.stages.replacements import effects_read
from flows.stages.saliency_maps import maps_name
from pipeline.explanation.evidence import COUNT, TCAV
from pipeline.explanation.variants import models_matched, models_needed
from pipeline.explanation.weight_sensitivity import RADIUS
from pipeline.saliency.declaration import FIXED
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

PRIOR = TableSchema(
    "prior",
    "One row per attribute.",
    (
        Column("attribute", TEXT, "name"),
        Column("kind", TEXT, "`count`, or `tcav` where a variant uses it"),
        Column(
            "value",
            NUMBER,
            "`count`: share of the votes on the prior's half of the validation pairs, smoothed; `tcav`: of the "
            "pairs whose query has the attribute, the share that its concept vector pulls together, where that is "
            "significant; sums to 1",
            nullable=True,
        ),
        Column("significance", NUMBER, "of `tcav`: p-value against random vectors, after Holm", nullable=True),
    ),
)

WEIGHT_GRID = TableSchema(
    "weight_grid",
    "One row per grid point, for the grids with and without the prior of each attribute model whose maps are matched.",
    (
        Column("model", TEXT, "attribute model whose confidences and activation maps are weighed"),
        Column("confidence_weight", NUMBER, "weight of the confidence; the three weights sum to 1"),
        Column("map_match_weight", NUMBER, "weight of the map match"),
        Column("prior_weight", NUMBER, "weight of the prior"),
        Column("prior_kind", TEXT, "`count` or `tcav`; `none` for the grid without one"),
        Column("is_best", FLAG, "this point was chosen; one per `model` and `prior_kind`"),
        Column(
            "objective",
            NUMBER,
            "mean drop (`explanation.weights_measure`) of what this point names",
            nullable=True,
        ),
        Column("top1_accuracy", NUMBER, "share of pairs whose named attribute the query has", nullable=True),
    ),
)

WEIGHT_SENSITIVITY = TableSchema(
    "weight_sensitivity",
    "One row per grid: what happens at the grid points none of whose weights is more than 0.1 from the chosen one.",
    (
        Column("model", TEXT, "attribute model, as in `weight_grid`"),
        Column("prior_kind", TEXT, "`count`, `tcav` or `none`"),
        Column("points", INTEGER, "grid points that near, the chosen one included; 1 where the step is above 0.1"),
        Column("pairs", INTEGER, "validation pairs that the shares are of"),
        Column("objective", NUMBER, "mean drop (`explanation.weights_measure`) at the chosen weights"),
        Column("least_objective", NUMBER, "smallest mean drop near them"),
        Column("largest_objective", NUMBER, "largest mean drop near them"),
        Column("mean_changed", NUMBER, "share of pairs whose first attribute changes, averaged over the other points"),
        Column("most_changed", NUMBER, "that share at the point where it is largest"),
        Column("ever_changed", NUMBER, "share of pairs whose first attribute changes at some point"),
    ),
)

EXPLANATIONS = TableSchema(
    "explanations",
    "The ten best attributes of every test pair under every variant.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "always `test`"),
        Column("variant", TEXT, "see [variants](#variants)"),
        Column("rank", INTEGER, "1 is the explanation"),
        Column("attribute", TEXT, "name"),
        Column(
            "score",
            NUMBER,
            "what the variant ranks by, in its own scale; null where the variant excludes the attribute",
            nullable=True,
        ),
        Column(
            "confidence",
            NUMBER,
            "confidence of `attribute_model.sane` in the query, as a share of the query's largest, "
            "whatever the variant; null where no variant matches its maps",
            nullable=True,
        ),
        Column("map_match", NUMBER, "cosine of normalised map and its activation map, likewise", nullable=True),
        Column("prior", NUMBER, "count prior as a share of its largest entry, likewise", nullable=True),
        Column("is_ground_truth", FLAG, "the query is labelled with the attribute", nullable=True),
    ),
)


def weights_stage(settings: Settings) -> Stage:
    """Return the stage that counts the prior and chooses the weights, on validation pairs."""
    maps = maps_name("valid", settings.saliency.supervision, FIXED)
    matched = models_matched(settings.explanation.variants)
    preset = settings.explanation_weights
    values = {
        "models": matched,
        "maps": maps,
        **map_normalisation_values(settings),
        "prior_smoothing": settings.explanation.prior_smoothing,
        "prior_measure": settings.explanation.prior_measure,
        "has_tcav": uses_tcav(settings),
        "weights": preset if preset == "grid" else list(preset),
        "weights_measure": settings.explanation.weights_measure,
        "weight_grid_step": settings.explanation.weight_grid_step,
        "sensitivity_radius": RADIUS,
        "seed": settings.seed,
    }
    reads: Reads = {
        **pair_reads("valid"),
        **effects_read("valid"),
        **{f"attribute_scores.{model}": [["scores", None, "valid"]] for model in matched},
        maps: [["maps", None, ""], ["map_rows", None, ""]],
    }
    if uses_tcav(settings):
        reads["images"] = [[*LABELS, "valid"], ["images", ["image_id", "label", "attributes"], "train"]]
        reads["embeddings"] = [["embeddings", None, split] for split in ("train", "valid")]
    tables = (PRIOR, WEIGHT_GRID, WEIGHT_SENSITIVITY)
    return single_shard_stage("explanation_weights", "flows.jobs.explanation_weights", values, reads, tables)


def uses_tcav(settings: Settings) -> bool:
    """Return whether the prior of concept vectors is made: some variant looks at it."""
    return settings.explanation.prior == TCAV or any(name.endswith(TCAV) for name in settings.explanation.variants)


def explanations_stage(settings: Settings, split: str) -> Stage:
    """Return the stage that scores attributes: `explanations` for test pairs, `explanations.valid` for the others."""
    variants = settings.explanation.variants
    models, matched = list(models_needed(variants)), models_matched(variants)
    maps = maps_name(split, settings.saliency.supervision, FIXED)
    values = {
        "split": split,
        "variants": list(variants),
        "models": models,
        "matched_models": matched,
        "prior": settings.explanation.prior,
        "prior_kinds": [COUNT, *([TCAV] if uses_tcav(settings) else [])],
        "maps": maps,
        **map_normalisation_values(settings),
        "seed": settings.seed,
    }
    reads = {
        **pair_reads(split),
        "images": [[*LABELS, each] for each in dict.fromkeys((split, "valid"))],
        "pairs.valid": [["pairs", None, ""]],
        **effects_read("valid"),
        **{f"attribute_scores.{model}": [["scores", None, split]] for model in models},
        f"embedding_effects.{split}": [["embedding_effects", None, ""]],
        "presence": [["presence", None, ""]],
        maps: [["maps", None, ""], ["map_rows", None, ""]],
        "explanation_weights": [["prior", None, ""], ["weight_grid", None, ""]],
    }
    # People query the answers of test pairs; those of validation pairs only decide which variant answers.
    tables = (EXPLANATIONS,) if split == "test" else ()
    return single_shard_stage(explanations_name(split), "flows.jobs.explanations", values, reads, tables)


def explanations_name(split: str) -> str:
    """Return the instance that scores a split's pairs."""
    return "explanations" if split == "test" else f"explanations.{split}"
