"""One answer per pair: the attribute that best explains it, with how far to trust that, or that none does."""

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads
from flows.stages.explanations import explanations_name
from flows.stages.reads import pair_reads, single_shard_stage
from flows.stages.replacements import effects_read
from flows.stages.true_effects import true_effects_name
from pipeline.datasets.declaration import OUTFIT
from pipeline.explanation.variants import answering_variants
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

ANSWERS = TableSchema(
    "answers",
    "One row per test pair: the answer, and how far to trust it.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "always `test`"),
        Column("attribute", TEXT, "what explains the match best; null where no attribute does", nullable=True),
        Column("reason", TEXT, "why there is none: `no_effect` or `no_candidates`", nullable=True),
        Column(
            "told_by",
            TEXT,
            "`pair`: the pair's own `p_value` tells its effect from none; `all_pairs`: only the answers of all pairs "
            "together are told from none (labels of whole classes); null where neither",
            nullable=True,
        ),
        Column("leading_attribute", TEXT, "named first, whether its effect is told from none or not", nullable=True),
        Column("variant", TEXT, "the variant that answers, see [variants](#variants)"),
        Column("effect", NUMBER, "expected drop of the score without the leading attribute", nullable=True),
        Column("effect_low", NUMBER, "lower end of its 95 % interval, over training images", nullable=True),
        Column("effect_high", NUMBER, "upper end", nullable=True),
        Column(
            "p_value",
            NUMBER,
            "chance of an effect as large as the candidates' largest where attributes mean nothing to the model",
            nullable=True,
        ),
        Column("agreement", NUMBER, "share of refits in which no candidate's effect is larger", nullable=True),
        Column("probability", NUMBER, "of what `probability_of` says; null where nothing can be said", nullable=True),
        Column(
            "probability_of",
            TEXT,
            "`largest_true_effect`: calibrated on validation pairs of known truth; `query_has_attribute`: it is "
            "among what the query has",
            nullable=True,
        ),
        Column(
            "group_name",
            TEXT,
            "the group of the leading attribute where the training labels cannot tell it from others, see "
            "`attribute_groups`",
            nullable=True,
        ),
        Column("presence", TEXT, "candidates are the query's `labels`, or what is `predicted`"),
        Column("candidates", INTEGER, "number of attributes that were candidates"),
        Column("is_ground_truth", FLAG, "the query is labelled with the leading attribute", nullable=True),
    ),
)

ANSWER_CHOICE = TableSchema(
    "answer_choice",
    "One row per variant that may answer: what it achieves on validation pairs.",
    (
        Column("variant", TEXT, "see [variants](#variants)"),
        Column("matched_effect", NUMBER, "mean matched effect of the attributes that it names, as a drop"),
        Column("ci_low", NUMBER, "lower end of the 95 % interval", nullable=True),
        Column("ci_high", NUMBER, "upper end", nullable=True),
        Column("n", INTEGER, "validation pairs"),
        Column("n_clusters", INTEGER, "classes, outfits or queries that were resampled"),
        Column("top1_accuracy", NUMBER, "share of pairs whose query is labelled with the attribute named"),
        Column("undefined", INTEGER, "pairs whose attribute has no measurable effect; they count as 0"),
        Column("is_chosen", FLAG, "this variant answers"),
    ),
)


def may_answer(settings: Settings) -> list[str]:
    """Return the variants that may answer, in the order of what is named by each."""
    explanation = settings.explanation
    return answering_variants(explanation.variants, told_labels=explanation.presence == "labels")


def answers_stage(settings: Settings) -> Stage:
    """Return the stage that answers for test pairs."""
    explanation, audited = settings.explanation, settings.dataset.declared.is_audited
    values = {
        "variants": list(explanation.variants),
        "may_answer": may_answer(settings),
        "answer": explanation.answer,
        "presence": explanation.presence,
        "refits": explanation.refits,
        "shared_unit": settings.dataset.declared.shared_unit,
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
        "audited": audited,
    }
    columns = ["image_id", "label", "attributes"]
    reads: Reads = {**pair_reads("valid"), **pair_reads("test"), **condition_reads(settings)}
    reads["images"] = [["images", columns, split] for split in ("train", "valid", "test")]
    reads["embeddings"] = [["embeddings", None, split] for split in ("train", "valid", "test")]
    reads["attribute_groups"] = [["attribute_groups", ["attribute", "group_name", "members"], ""]]
    reads["presence"] = [["presence", None, ""]]
    reads |= effects_read("valid")
    for split in ("valid", "test"):
        reads[explanations_name(split)] = [["scores", None, ""]]
        reads[f"embedding_effects.{split}"] = [["embedding_effects", None, ""]]
    if settings.dataset.declared.shared_unit == OUTFIT:
        reads["outfits.valid"] = [["outfits", None, ""]]
    if audited:
        reads[true_effects_name("valid")] = [["true_effects", None, ""], ["null_effects", None, ""]]
    return single_shard_stage("answers", "flows.jobs.answers", values, reads, (ANSWERS, ANSWER_CHOICE))
