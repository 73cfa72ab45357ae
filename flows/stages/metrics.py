"""Every figure of a run, with its interval."""

from typing import Any

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.answers import may_answer
from flows.stages.attribute_maps import NAME as ATTRIBUTE_MAPS
from flows.stages.attribute_maps import locates_attributes
from flows.stages.conditions import has_attributes, has_outfits, measures_retrieval
from flows.stages.correspondence_localisation import NAME as BOTH_SIDES
from flows.stages.edit_effects import EDIT_EFFECTS_STAGE, colour_prefixes, measures_whole_edits
from flows.stages.faithfulness import faithfulness_stages
from flows.stages.group_effects import NAME as GROUP_EFFECTS
from flows.stages.map_parts import map_parts_name
from flows.stages.map_protocols import map_protocols_name
from flows.stages.pairs import asked_directions
from flows.stages.part_localisation import part_localisation_name
from flows.stages.parts import has_parts
from flows.stages.reads import pair_reads, single_shard_stage
from flows.stages.replacements import effects_and_halves_read
from pipeline.datasets.declaration import CLASS, OUTFIT
from pipeline.saliency.declaration import FIXED
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

METRICS = TableSchema(
    "metrics",
    "One row per figure; see [figures](#figures-in-metrics).",
    (
        Column("table_name", TEXT, "group of figures that belong together"),
        Column("metric", TEXT, "name of the figure"),
        Column("dataset", TEXT, "`dataset.kind`", nullable=True),
        Column("similarity_model", TEXT, "`similarity_model.network`, after `type_aware` for that kind", nullable=True),
        Column(
            "variant",
            TEXT,
            "variant, attribute model, `driver` / `distractor`, `type_aware` / `general`, kind of replacement, or edit",
            nullable=True,
        ),
        Column("generator", TEXT, "saliency generator", nullable=True),
        Column("mode", TEXT, "always `fixed` or null today", nullable=True),
        Column("attribute", TEXT, "the attribute that the figure is about", nullable=True),
        Column("compared_with", TEXT, "the other side of a difference", nullable=True),
        Column(
            "value", NUMBER, "a fraction or a score difference, never per cent; null where undefined", nullable=True
        ),
        Column("ci_low", NUMBER, "lower end of the 95 % bootstrap interval, at most `value`", nullable=True),
        Column("ci_high", NUMBER, "upper end, at least `value`", nullable=True),
        Column(
            "p_value",
            NUMBER,
            "of a difference, after Holm's correction over its family; [figures](#figures-in-metrics) says which",
            nullable=True,
        ),
        Column(
            "p_is_bound",
            FLAG,
            "the resamples could give no smaller `p_value`: it is at most this",
            nullable=True,
        ),
        Column(
            "n",
            INTEGER,
            "pairs, images or attributes behind the figure; of a difference the pairs that both have",
            nullable=True,
        ),
        Column(
            "n_clusters",
            INTEGER,
            "units that were resampled whole; an interval over fewer than 10 speaks of these alone",
            nullable=True,
        ),
        Column(
            "cluster_unit",
            TEXT,
            "what was resampled: `query`, `class`, `outfit` (outfits that share a query count as one) or `image`",
            nullable=True,
        ),
        Column(
            "unit",
            TEXT,
            "`share`, `cosine` (of scores and their differences), `distance` (between unit embeddings), `correlation`, "
            "or `count` for counts and for measured constants without an interval",
            nullable=True,
        ),
        Column("seed", INTEGER, "`seed` of the run", nullable=True),
        Column(
            "fingerprint",
            TEXT,
            "of the `explanations` result that was read when the figures were computed; null where images have no "
            "attributes",
            nullable=True,
        ),
    ),
)


def metrics_stage(settings: Settings) -> Stage:
    """Return the stage that computes all figures."""
    values = {
        "dataset": settings.dataset.kind,
        "similarity_model": settings.similarity_model.name,
        "generator_modes": [list(one) for one in settings.saliency.generator_modes],
        "supervision": [settings.saliency.supervision, FIXED],
        **_explaining_values(settings),
        "audited": settings.dataset.declared.is_audited,
        "shared_unit": settings.dataset.declared.shared_unit,
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
        **asked_directions(settings),
    }
    reads: Reads = {
        **pair_reads("test"),
        **_explaining_reads(settings),
        **{stage.name: [["faithfulness", None, ""]] for stage in faithfulness_stages(settings)},
        **_recognition_reads(settings),
    }
    asked, more = _where_there_is_more(settings)
    return single_shard_stage("metrics", "flows.jobs.metrics", {**values, **asked}, {**reads, **more}, (METRICS,))


def _explaining_values(settings: Settings) -> dict[str, Any]:
    """Return the settings of figures about attributes; where images have none, that alone."""
    if not has_attributes(settings):
        return {"has_attributes": False}
    return {
        "attribute_models": settings.attribute_models,
        "variants": list(settings.explanation.variants),
        "may_answer": may_answer(settings),
    }


def _explaining_reads(settings: Settings) -> Reads:
    """Return what is read of explanations by attributes."""
    if not has_attributes(settings):
        return {}
    return {
        **effects_and_halves_read("test"),
        "explanations": [["scores", None, ""]],
        "answers": [["named", None, ""]],
        GROUP_EFFECTS: [["answer_groups", None, ""]],
        "answer_sets": [["answer_sets", ["pair_id", "size"], ""]],
    }


def _recognition_reads(settings: Settings) -> Reads:
    """Return what is read of the predictors of attributes."""
    names = settings.attribute_models if has_attributes(settings) else []
    return {f"attribute_scores.{name}": [["scores", None, "test"]] for name in names}


def _where_there_is_more(settings: Settings) -> tuple[dict[str, Any], Reads]:
    """Return settings and reads for what only some datasets and configurations have, so that others' keys stay."""
    values: dict[str, Any] = {}
    reads: Reads = _audit_reads(settings) if settings.dataset.declared.is_audited else {}
    unit = settings.dataset.declared.shared_unit
    if unit in (CLASS, OUTFIT):
        reads["images"] = [["images", ["image_id", "label", "attributes"], "test"]]
    if unit == OUTFIT:
        reads["outfits.test"] = [["outfits", None, ""]]
    if not settings.evaluation.curves:
        values["curves"] = False
    for name, stage, is_there in (
        ("compatibility", "compatibility", has_outfits(settings)),
        ("recolouring", "recolour_audit", bool(settings.dataset.declared.colours)),
        ("retrieval", "retrieval.test", measures_retrieval(settings)),
    ):
        if is_there:
            values[name] = True
            reads[stage] = [["metrics", None, ""]]
    if measures_whole_edits(settings):
        values["colour_prefixes"] = colour_prefixes(settings)
        reads[EDIT_EFFECTS_STAGE] = [["edit_effects", None, ""]]
    if settings.evaluation.map_protocols:
        values["map_protocols"] = True
        reads |= _protocol_reads(settings)
    located, located_reads = _where_attributes_are_located(settings)
    return values | located, reads | located_reads


def _where_attributes_are_located(settings: Settings) -> tuple[dict[str, Any], Reads]:
    """Return the same where it is known which pixels attributes, parts or causes are."""
    values: dict[str, Any] = {}
    reads: Reads = {}
    if locates_attributes(settings):
        values["attribute_maps"] = True
        reads[ATTRIBUTE_MAPS] = [["attribute_localisation", None, ""]]
    if has_parts(settings):
        values["parts"] = True
        shown = settings.saliency.generator_modes
        reads |= {part_localisation_name(*key): [["part_localisation", None, ""]] for key in shown}
    if settings.dataset.declared.is_audited and settings.saliency.correspondence.enabled:
        values["both_sides"] = True
        reads[BOTH_SIDES] = [["correspondence_localisation", None, ""], ["correspondence_causes", None, ""]]
    return values, reads


def _audit_reads(settings: Settings) -> Reads:
    """Return what is read of results that only rendered items have."""
    reads: Reads = {
        f"map_localisation.{generator}.{mode}": [["map_localisation", None, ""]]
        for generator, mode in settings.saliency.generator_modes
    }
    reads["answer_sets"] = [["answer_sets", ["pair_id", "size"], ""], ["answer_set_outcomes", None, ""]]
    reads["audit"] = [["metrics", None, ""], ["audit_outcomes", ["pair_id", "eligible"], ""]]
    return reads


def _protocol_reads(settings: Settings) -> Reads:
    """Return what is read of maps that are judged by further protocols."""
    shown = settings.saliency.generator_modes
    reads: Reads = {map_protocols_name(*key): [["map_protocols", None, ""]] for key in shown}
    if settings.dataset.declared.is_audited:
        reads |= {map_parts_name(*key): [["map_parts", None, ""], ["target_sensitivity", None, ""]] for key in shown}
    return reads
