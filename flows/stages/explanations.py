"""The weights of confidence, map matching and prior, and the score of every attribute under every variant."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.reads import LABELS, pair_reads, single_shard_stage
from flows.stages.replacements import effects_read
from flows.stages.saliency_maps import maps_name
from pipeline.errors import BadSetting
from pipeline.saliency.declaration import FIXED
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

PRIOR = TableSchema(
    "prior",
    "One row per attribute.",
    (
        Column("attribute", TEXT, "name"),
        Column("kind", TEXT, "always `count` today"),
        Column(
            "value",
            NUMBER,
            "share of the votes on the prior's half of the validation pairs, smoothed; sums to 1",
            nullable=True,
        ),
        Column("significance", NUMBER, "always null today", nullable=True),
    ),
)

WEIGHT_GRID = TableSchema(
    "weight_grid",
    "One row per grid point, for the grid with and the grid without the prior.",
    (
        Column("confidence_weight", NUMBER, "weight of the confidence; the three weights sum to 1"),
        Column("map_match_weight", NUMBER, "weight of the map match"),
        Column("prior_weight", NUMBER, "weight of the prior"),
        Column("prior_kind", TEXT, "`count`, or `none` for the grid without it"),
        Column("is_best", FLAG, "this point was chosen; one per `prior_kind`"),
        Column("objective", NUMBER, "mean removal drop of the attribute that this point names", nullable=True),
        Column("top1_accuracy", NUMBER, "share of pairs whose named attribute the query has", nullable=True),
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
            "whatever the variant",
            nullable=True,
        ),
        Column("map_match", NUMBER, "cosine of normalised map and activation map, whatever the variant", nullable=True),
        Column("prior", NUMBER, "count prior as a share of its largest entry, whatever the variant", nullable=True),
        Column("is_ground_truth", FLAG, "the query is labelled with the attribute", nullable=True),
    ),
)


def weights_stage(settings: Settings) -> Stage:
    """Return the stage that counts the prior and chooses the weights, on validation pairs."""
    maps = maps_name("valid", settings.saliency.supervision, FIXED)
    values = {
        "maps": maps,
        "map_temperature": settings.attribute_model.map_temperature,
        "prior_smoothing": settings.explanation.prior_smoothing,
        "weight_grid_step": settings.explanation.weight_grid_step,
        "seed": settings.seed,
    }
    reads = {
        **pair_reads("valid"),
        **effects_read("valid"),
        "attribute_scores.sane": [["scores", None, "valid"]],
        maps: [["maps", None, ""], ["map_rows", None, ""]],
    }
    tables = (PRIOR, WEIGHT_GRID)
    return single_shard_stage("explanation_weights", "flows.jobs.explanation_weights", values, reads, tables)


def explanations_stage(settings: Settings) -> Stage:
    """Return the stage that scores attributes for test pairs.

    Raises:
        BadSetting: an attribute model is left out that the variants compare.
    """
    if set(settings.attribute_model.names) != {"sane", "classifier"}:
        raise BadSetting(
            expected="both sane and classifier: the variants compare them",
            found=str(settings.attribute_model.names),
            where="attribute_model.names",
            remedy='set names = ["sane", "classifier"]',
        )
    maps = maps_name("test", settings.saliency.supervision, FIXED)
    values = {
        "variants": list(settings.explanation.variants),
        "maps": maps,
        "map_temperature": settings.attribute_model.map_temperature,
        "seed": settings.seed,
    }
    reads = {
        **pair_reads("test"),
        "images": [[*LABELS, "test"], [*LABELS, "valid"]],
        "pairs.valid": [["pairs", None, ""]],
        **effects_read("valid"),
        "attribute_scores.sane": [["scores", None, "test"]],
        "attribute_scores.classifier": [["scores", None, "test"]],
        "embedding_effects.test": [["embedding_effects", None, ""]],
        maps: [["maps", None, ""], ["map_rows", None, ""]],
        "explanation_weights": [["prior", None, ""], ["weight_grid", None, ""]],
    }
    return single_shard_stage("explanations", "flows.jobs.explanations", values, reads, (EXPLANATIONS,))
