"""What the colour of a photographed item really does to the score: items on white ground whose colours are labelled."""

from dataclasses import asdict
from typing import Any

from flows.engine.cuts import Reads
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_values
from flows.stages.facts import Facts
from flows.stages.metrics import METRICS
from flows.stages.query_groups import model_inputs, parts_read, query_extents, query_groups
from flows.stages.reads import pair_reads, single_shard_stage
from flows.stages.user_model import embedding_code, model_paths
from pipeline.evaluation.recolouring.labels import editable_colours, labelled_colour
from pipeline.evaluation.recolouring.reasons import SAME_COLOUR_EDITS
from stores.fingerprints import fingerprint
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

REFERENCES, EFFECTS, AUDIT = "colour_references", "recoloured_effects.test", "recolour_audit"
_LAB = (
    Column("lightness", NUMBER, "CIELAB L, 0 to 100"),
    Column("a", NUMBER, "CIELAB a"),
    Column("b", NUMBER, "CIELAB b"),
)

COLOURS = TableSchema(
    "colours",
    "One row per colour that enough plain training items have.",
    (Column("colour", TEXT, "attribute"), *_LAB),
)

COLOUR_EXAMPLES = TableSchema(
    "colour_examples",
    "One row per training item that edits may move to; the classifier is fitted to the others.",
    (
        Column("colour", TEXT, "attribute"),
        Column("image_id", TEXT, "of the item"),
        *_LAB,
        Column("spread", NUMBER, "root mean square distance from the mean in the plane of a and b"),
    ),
)

COLOUR_CLASSIFIER = TableSchema(
    "colour_classifier",
    "One row where edits can be verified: how good the classifier is that does it, on items left out of its fit.",
    (
        Column("items", INTEGER, "training items behind the figures"),
        Column("accuracy", NUMBER, "share whose most probable colour is the labelled one; rare colours count more"),
        Column("calibration_error", NUMBER, "expected calibration error of its probability, likewise"),
    ),
)

RECOLOURED_EFFECTS = TableSchema(
    "recoloured_effects",
    "One row per test pair and colour that the query was edited to, or one row with the reason for leaving it out.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("attribute", TEXT, "the query's labelled colour; null where it has none to edit", nullable=True),
        Column("target_colour", TEXT, "attribute; null where the query is left out", nullable=True),
        Column(
            "effect",
            NUMBER,
            "s(query, reference) - s(recoloured query, reference); null where the edit was not accepted",
            nullable=True,
        ),
        Column(
            "same_colour_effect",
            NUMBER,
            "likewise for edits to other items of the query's own colour, mean over accepted ones: the noise floor",
            nullable=True,
        ),
        Column("accepted", FLAG, "the classifier says that the edited item has the target colour"),
        Column("reason", TEXT, "why the edit, or the query, is left out; null where it is not", nullable=True),
    ),
)

RECOLOURED_ITEMS = TableSchema(
    "recoloured_items",
    "One row per query with accepted edits, in the order of the array `pixels`, which holds one of them.",
    (
        Column("query", TEXT, "image id"),
        Column("attribute", TEXT, "its labelled colour"),
        Column("target_colour", TEXT, "of the edit that is kept, drawn from the accepted ones"),
    ),
)

RECOLOUR_METRICS = TableSchema(
    "recolour_metrics",
    "The columns of [`metrics`](#metrics-1), before the stage `metrics` copies the rows and fills in what all share; "
    "a table of their own so that no query counts them twice.",
    METRICS.columns,
)


def recolouring_stages(settings: Settings) -> list[Stage]:
    """Return the stages that measure effects of colour and audit explanations by them."""
    return [_references_stage(settings), _effects_stage(settings), _audit_stage(settings)]


def _declared(settings: Settings) -> dict[str, Any]:
    declared = asdict(settings.dataset.declared.colours)  # type: ignore[arg-type]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in declared.items()}


def _references_stage(settings: Settings) -> Stage:
    values = {"colours": _declared(settings), "seed": settings.seed}
    reads: Reads = {"images": [["pixels", None, "train"], ["images", ["image_id", "label", "attributes"], "train"]]}
    tables = (COLOURS, COLOUR_EXAMPLES, COLOUR_CLASSIFIER)
    return single_shard_stage(REFERENCES, "flows.jobs.colour_references", values, reads, tables)


def _effects_stage(settings: Settings) -> Stage:
    return Stage(
        EFFECTS,
        "flows.jobs.recoloured_effects",
        {
            "split": "test",
            "colours": _declared(settings),
            "precision": settings.compute.precision,
            "seed": settings.seed,
            **condition_values(settings),
        },
        embedding_code(settings.similarity_model),
        ("images", "similarity_model", "embeddings", "pairs.test", REFERENCES),
        cut_recoloured_effects,
        model_paths(settings.similarity_model),
        tables=(RECOLOURED_EFFECTS, RECOLOURED_ITEMS),
        costs=ShardCosts(_work, query_extents()),
    )


def cut_recoloured_effects(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the groups of queries that maps are cut into, each with its queries' labelled colours."""
    shared: dict[str, Any] = model_inputs(upstream, stage)
    for part in ("colours", "colour_examples", "classifier"):
        shared[part] = upstream.part_digest(REFERENCES, part)
    declared = editable_colours(stage.settings["colours"])
    images = upstream.table("images", "images", "test")
    columns = (images[name].to_pylist() for name in ("image_id", "label", "attributes"))
    colours = {
        image_id: list(labelled_colour(label, attributes, declared))
        for image_id, label, attributes in zip(*columns, strict=True)
    }
    shards = []
    for group in query_groups(upstream, stage, "test"):
        own = {query: colours[query] for query in group.queries}
        shards.append(group.shard({**shared, "labelled_colours": fingerprint(own)}, {"colours": own}))
    return shards


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    declared = editable_colours(stage.settings["colours"])
    colours = sum(name.startswith(declared.prefix) for name in facts.attribute_names)
    rows = {row["image_id"]: row for row in facts.rows("test")}
    edited = sum(
        labelled_colour(rows[query]["label"], rows[query]["attributes"], declared)[0] is not None
        for query, _ in extent.groups
    )
    # The item as it is, an edit to each other colour, and those to its own.
    passes = edited * (colours + SAME_COLOUR_EDITS)
    rates = {"prepared_image": passes, "forward_image": passes, "read_part": parts_read(extent, facts, "test")}
    return Work(passes, images=passes, rates=rates, is_upper_bound=True, loads_torch=True)


def _audit_stage(settings: Settings) -> Stage:
    values = {
        "variants": list(settings.explanation.variants),
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
    }
    reads: Reads = {
        **pair_reads("test"),
        "explanations": [["scores", None, ""]],
        EFFECTS: [["recoloured_effects", None, ""]],
        REFERENCES: [["colour_classifier", None, ""]],
    }
    return single_shard_stage(AUDIT, "flows.jobs.recolour_audit", values, reads, (RECOLOUR_METRICS,))
