"""How well the explained model knows what goes together; datasets of outfits only."""

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads
from flows.stages.metrics import METRICS
from flows.stages.reads import single_shard_stage
from stores.table_schema import NUMBER, NUMBERS, TEXT, TEXTS, Column, TableSchema

BLANK_QUESTIONS = TableSchema(
    "blank_questions",
    "One row per test outfit with a question and way of scoring.",
    (
        Column("outfit_id", TEXT, "of the outfit that lacks an item"),
        Column("variant", TEXT, "`type_aware` (under conditions) or `general`"),
        Column("choices", TEXTS, "image ids of the candidates; the first is the right one"),
        Column("scores", NUMBERS, "mean score of each with the items that remain"),
        Column("right", NUMBER, "1 where the first scores best, a share where others score the same, else 0"),
    ),
)

REPLACED_OUTFITS = TableSchema(
    "replaced_outfits",
    "One row per test outfit that could be replaced and way of scoring.",
    (
        Column("outfit_id", TEXT, "of the outfit"),
        Column("variant", TEXT, "`type_aware` (under conditions) or `general`"),
        Column("items", TEXTS, "image ids of its readable items, sorted"),
        Column("replacements", TEXTS, "what replaces each of them, of the same type"),
        Column("score", NUMBER, "mean score over all pairs of the outfit"),
        Column("replaced_score", NUMBER, "the same of its copy"),
    ),
)

COMPATIBILITY_METRICS = TableSchema(
    "compatibility_metrics",
    "The columns of [`metrics`](#metrics-1), before the stage `metrics` copies the rows and fills in what all share; "
    "a table of their own so that no query counts them twice.",
    METRICS.columns,
)


def compatibility_stage(settings: Settings) -> Stage:
    """Return the stage that measures how well the model knows what goes together."""
    values = {"seed": settings.seed, "bootstrap_samples": settings.evaluation.bootstrap_samples}
    reads: Reads = {
        "images": [["images", ["image_id", "label"], "test"]],
        "outfits.test": [["outfits", None, ""]],
        "embeddings": [["embeddings", None, "test"]],
        **condition_reads(settings),
    }
    tables = (COMPATIBILITY_METRICS, BLANK_QUESTIONS, REPLACED_OUTFITS)
    return single_shard_stage("compatibility", "flows.jobs.compatibility", values, reads, tables)
