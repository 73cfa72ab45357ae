"""Effects of replacing a query by other images: removal, deletion, insertion and matched effects."""

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads, has_outfits
from flows.stages.reads import pair_reads, single_shard_stage
from stores.table_schema import NUMBER, TEXT, TEXTS, Column, TableSchema

REPLACEMENTS = TableSchema(
    "replacements",
    "One row per pair, attribute and kind, where the kind applies: removal to all attributes, deletion and matched to "
    "those that the query has, insertion to those that it lacks.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "of the pair"),
        Column("attribute", TEXT, "the attribute removed or added"),
        Column(
            "kind",
            TEXT,
            "`removal`: the most similar image that lacks the attribute; `deletion`, `insertion`: the "
            "`evaluation.replacements` images nearest by their other attributes that lack it, or have it; `matched`: "
            "deletion minus as many images as far from the query that keep it",
        ),
        Column(
            "effect",
            NUMBER,
            "s(replacement, reference) - s(query, reference), a mean over the replacements: a drop is negative; of "
            "`matched` the difference of two such means; 0 where the query lacks the attribute; null where no "
            "replacement exists",
            nullable=True,
        ),
        Column(
            "reason",
            TEXT,
            "`query_lacks`, `none_found`, or `too_few`: replaced, by fewer images than asked for; null where the query "
            "was replaced by all",
            nullable=True,
        ),
        Column(
            "distance",
            NUMBER,
            "mean Euclidean distance between the unit embeddings of query and replacements; bounds the effect, but of "
            "`matched`",
            nullable=True,
        ),
        Column(
            "replacements",
            TEXTS,
            "image ids put in the query's place, nearest first; of `matched` those that keep the attribute",
            nullable=True,
        ),
        Column(
            "distance_difference",
            NUMBER,
            "of `matched`: mean distance of the images that lack the attribute minus that of those that keep it",
            nullable=True,
        ),
        Column(
            "half_effect",
            NUMBER,
            "of `matched`: the effect over the first, third, ... replacement; null where there is none",
            nullable=True,
        ),
        Column(
            "other_half_effect",
            NUMBER,
            "likewise over the second, fourth, ...; the oracle chooses by one half and is scored by the other",
            nullable=True,
        ),
    ),
)


def effects_read(split: str) -> Reads:
    """Return what reading a split's replacement effects takes, of one kind or of several."""
    return {f"replacements.{split}": [["replacements", ["pair_id", "attribute", "kind", "effect"], ""]]}


def effects_and_distances_read(split: str) -> Reads:
    """Return what reading them with the distances of the replacements takes."""
    return {f"replacements.{split}": [["replacements", ["pair_id", "attribute", "kind", "effect", "distance"], ""]]}


def effects_and_halves_read(split: str) -> Reads:
    """Return what reading them with the distances, and the matched effects of half of the replacements, takes."""
    columns = ["pair_id", "attribute", "kind", "effect", "distance", "half_effect", "other_half_effect"]
    return {f"replacements.{split}": [["replacements", columns, ""]]}


def replacements_stage(settings: Settings, split: str) -> Stage:
    """Return the stage of a split's replacement effects."""
    within_type = has_outfits(settings)
    columns = ["image_id", "attributes", "pixels_sha256", *(["label"] if within_type else [])]
    models = settings.replacement_models
    reads = {**pair_reads(split), **condition_reads(settings)}
    reads["images"] = [["images", columns, split]]
    reads["embeddings"] = [["embeddings", None, split]]
    reads |= {f"attribute_scores.{model}": [["scores", None, split]] for model in models}
    values = {
        "split": split,
        "replacements": settings.evaluation.replacements,
        "replacement_models": models,
        **({"within_type": True} if within_type else {}),
        **({"sparse_labels": True} if has_sparse_labels(settings) else {}),
    }
    return single_shard_stage(f"replacements.{split}", "flows.jobs.replacements", values, reads, (REPLACEMENTS,))


def has_sparse_labels(settings: Settings) -> bool:
    """Return whether images may lack labels of what they show."""
    kind = settings.dataset.declared
    labels = settings.dataset.model_dump(include={"label_mode"})
    return kind.has_sparse_labels or (kind.is_rendered and labels == {"label_mode": "sparse"})
