"""More than one attribute: the smallest set that accounts for a share of the joint effect of all of a query's."""

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads
from flows.stages.joint_effects import NAME as JOINT_EFFECTS_STAGE
from flows.stages.reads import pair_reads, single_shard_stage
from flows.stages.true_effects import true_effects_name
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, TEXTS, Column, TableSchema

ANSWER_SETS = TableSchema(
    "answer_sets",
    "One row per test pair: the smallest set of attributes whose predicted joint effect reaches "
    "`explanation.set_share` of that of all candidates.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "always `test`"),
        Column(
            "attributes",
            TEXTS,
            "the set, the largest single effect first; null where removing all candidates lowers nothing",
            nullable=True,
        ),
        Column("reason", TEXT, "why there is none: `no_effect` or `no_candidates`", nullable=True),
        Column("size", INTEGER, "attributes in the set", nullable=True),
        Column("effect", NUMBER, "predicted drop of the score without the whole set", nullable=True),
        Column("total_effect", NUMBER, "predicted drop without all candidates"),
        Column(
            "share",
            NUMBER,
            "`effect` over `total_effect`; above 1 where some of the other candidates work against the match",
            nullable=True,
        ),
        Column("sum_of_effects", NUMBER, "sum of the predicted effects of its attributes, each removed alone", True),
        Column(
            "search",
            TEXT,
            "`exact`: every set of the candidates was tried; `greedy`: with more than 12 candidates, the greedy set",
            nullable=True,
        ),
        Column("greedy_attributes", TEXTS, "found by adding the attribute that lowers the score most", nullable=True),
        Column("greedy_effect", NUMBER, "predicted drop without all of these", nullable=True),
        Column("candidates", INTEGER, "number of attributes that were candidates, as in `answers`"),
    ),
)

ANSWER_SET_OUTCOMES = TableSchema(
    "answer_set_outcomes",
    "One row per rendered test pair and kind of set: what it truly accounts for.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column(
            "kind",
            TEXT,
            "`chosen`: as in `answer_sets`; `greedy`; `leading`: the leading attribute of `answers` alone; "
            "`smallest`: the smallest set by true effects; `random`: mean over all sets of the query's attributes "
            "that are as large as the chosen one; `all`: all that the query has",
        ),
        Column("attributes", TEXTS, "the set; null where there is none, and for `random`", nullable=True),
        Column("size", NUMBER, "attributes in the set", nullable=True),
        Column("effect", NUMBER, "true joint effect; what the query lacks adds nothing", nullable=True),
        Column("total_effect", NUMBER, "true joint effect of all that the query has"),
        Column(
            "reaches",
            NUMBER,
            "1 where `effect` is at least `explanation.set_share` of `total_effect`, else 0; of `random` a share",
            nullable=True,
        ),
        Column("sum_of_effects", NUMBER, "sum of the true effects of its attributes, each changed alone", True),
        Column("predicted_effect", NUMBER, "predicted joint effect", nullable=True),
        Column("predicted_sum", NUMBER, "sum of the predicted effects of its attributes", nullable=True),
        Column("eligible", FLAG, "`total_effect` exceeds the audit's noise floor"),
    ),
)


def answer_sets_stage(settings: Settings) -> Stage:
    """Return the stage that finds the smallest sets, and on rendered items measures them."""
    explanation, audited = settings.explanation, settings.dataset.declared.is_audited
    values = {"presence": explanation.presence, "set_share": explanation.set_share, "audited": audited}
    columns = ["image_id", "label", "attributes"]
    reads: Reads = {**pair_reads("test"), **condition_reads(settings)}
    reads["images"] = [["images", columns, split] for split in ("train", "test")]
    reads["embeddings"] = [["embeddings", None, split] for split in ("train", "test")]
    reads["presence"] = [["presence", None, ""]]
    tables = [ANSWER_SETS]
    if audited:
        reads["answers"] = [["answers", ["pair_id", "leading_attribute"], ""]]
        reads[true_effects_name("test")] = [["true_effects", None, ""], ["null_effects", None, ""]]
        reads[JOINT_EFFECTS_STAGE] = [["joint_effects", None, ""]]
        tables.append(ANSWER_SET_OUTCOMES)
    return single_shard_stage("answer_sets", "flows.jobs.answer_sets", values, reads, tables)
