"""The end of the graph: true effects, what maps find and audit where truth is known, metrics, report."""

from typing import Any

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages import localisation_shards as localisation
from flows.stages import query_shards as saliency
from flows.stages.reads import LABELS, VOCABULARY, Reads, pair_reads, single_shard_stage
from flows.stages.saliency import chosen_pairs, kept_test_embeddings
from flows.stages.type_aware import has_conditions, has_outfits
from flows.stages.user_model import embedding_code, model_paths
from pipeline.saliency.catalogue import FIXED


def evaluation_stages(settings: Settings) -> list[Stage]:
    """Return the stages after the explanations."""
    stages = []
    if settings.dataset.kind == "planted":
        stages += [_true_effects_stage(settings, split) for split in ("valid", "test")]
        stages += [_localisation_stage(settings, *shown) for shown in settings.saliency.generator_modes]
        stages.append(_audit_stage(settings))
    return [*stages, _metrics_stage(settings), _report_stage(settings)]


def _true_effects_stage(settings: Settings, split: str) -> Stage:
    values = {"split": split, "dataset": _rendered(settings), "precision": settings.compute.precision}
    code = (
        "pipeline.datasets.planted.edits",
        "pipeline.datasets.planted.renderer",
        "pipeline.datasets.planted.similarity",
        *embedding_code(settings.similarity_model),
        "pipeline.evaluation.audit.outcomes",
    )
    upstream = ("vocabulary", "images", "similarity_model", "embeddings", f"pairs.{split}")
    name = f"true_effects.{split}"
    paths = model_paths(settings.similarity_model)
    return Stage(name, "true_effects", values, code, upstream, saliency.plan_true_effects, paths)


def _localisation_stage(settings: Settings, generator: str, mode: str) -> Stage:
    maps = f"saliency_maps.test.{generator}.{mode}"
    return Stage(
        f"map_localisation.{generator}.{mode}",
        "map_localisation",
        {"maps": maps, "generator": generator, "mode": mode, "dataset": _rendered(settings)},
        ("pipeline.datasets.planted.edits", "pipeline.evaluation.audit.localisation"),
        (maps, localisation.TRUE_EFFECTS),
        localisation.plan_map_localisation,
        # Which queries there are is in no key: the maps say it.
        item_limits=chosen_pairs(settings, generator),
    )


def _rendered(settings: Settings) -> dict[str, Any]:
    """Return what it takes to render a planted item again."""
    return settings.dataset.model_dump(include={"seed", "image_size_px", "distractor_correlation"})


def _audit_stage(settings: Settings) -> Stage:
    values = {
        "variants": list(settings.explanation.variants),
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
    }
    reads = {
        **pair_reads("test"),
        "images": [["images", ["image_id", "attributes", "similarity_target"], "test"], [*LABELS, "valid"]],
        "pairs.valid": [["pairs", None, ""]],
        "embeddings": [["embeddings", None, "test"]],
        "true_effects.valid": [["true_effects", None, ""], ["null_effects", None, ""]],
        "true_effects.test": [["true_effects", None, ""], ["null_effects", None, ""]],
        "explanations": [["scores", None, ""]],
    }
    code = (
        "pipeline.evaluation.audit.claim",
        "pipeline.evaluation.audit.rows",
    )
    return single_shard_stage("audit", "audit", values, code, reads)


def _metrics_stage(settings: Settings) -> Stage:
    audited = settings.dataset.kind == "planted"
    values = {
        "dataset": settings.dataset.kind,
        "similarity_model": settings.similarity_model.name,
        "generator_modes": [list(shown) for shown in settings.saliency.generator_modes],
        "supervision": [settings.saliency.supervision, FIXED],
        "attribute_models": list(settings.attribute_model.names),
        "variants": list(settings.explanation.variants),
        "audited": audited,
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
    }
    reads = {
        **pair_reads("test"),
        "replacements.test": [["replacements", ["pair_id", "attribute", "effect"], ""]],
        "explanations": [["scores", None, ""]],
    }
    for generator, mode in settings.saliency.generator_modes:
        reads[f"faithfulness.{generator}.{mode}"] = [["faithfulness", None, ""]]
    for name in settings.attribute_model.names:
        reads[f"attribute_scores.{name}"] = [["scores", None, "test"]]
    if has_outfits(settings):
        values["compatibility"] = True
        reads["compatibility"] = [["metrics", None, ""]]
    if audited:
        for generator, mode in settings.saliency.generator_modes:
            reads[f"map_localisation.{generator}.{mode}"] = [["map_localisation", None, ""]]
        outcomes = ["audit_outcomes", ["pair_id", "eligible"], ""]
        reads["audit"] = [["metrics", None, ""], outcomes]
    code = (
        "pipeline.evaluation.metrics.faithfulness",
        "pipeline.evaluation.metrics.localisation",
        "pipeline.evaluation.metrics.recognition",
        "pipeline.evaluation.metrics.removal",
        "pipeline.explanation.variants",
    )
    return single_shard_stage("metrics", "metrics", values, code, reads)


def _report_stage(settings: Settings) -> Stage:
    values = {
        "dataset": settings.dataset.kind,
        "similarity_model": settings.similarity_model.name,
        "generator_modes": [list(shown) for shown in settings.saliency.generator_modes],
        "attribute_models": list(settings.attribute_model.names),
        "variants": list(settings.explanation.variants),
        "seed": settings.seed,
    }
    reads: Reads = {
        **VOCABULARY,
        "metrics": [["metrics", None, ""]],
        "images": [["pixels", None, "test"], ["images", None, "test"]],
        "pairs.test": [["pairs", None, ""]],
        "similarities.test": [["similarities", None, ""]],
        "explanations": [["explanations", None, ""]],
        "explanation_weights": [["prior", None, ""], ["weight_grid", None, ""]],
        "similarity_model": [["training_history", None, ""]],
    }
    for generator, mode in settings.saliency.generator_modes:
        reads[f"saliency_maps.test.{generator}.{mode}"] = [["maps", None, ""], ["map_rows", None, ""]]
        reads[f"faithfulness.{generator}.{mode}"] = [["faithfulness", None, ""]]
    # What they cost is part of what a map costs; of their content nothing is read.
    reads |= {stage: [] for stage in kept_test_embeddings(settings)}
    for name in settings.attribute_model.names:
        reads[f"attribute_model.{name}"] = [["training_history", None, ""]]
    _add_model_reads(settings, reads)
    return single_shard_stage("report", "report", values, ("pipeline.report.page",), reads)


def _add_model_reads(settings: Settings, reads: Reads) -> None:
    """Add what only some datasets and models have, so that the keys of the other reports stay."""
    if has_outfits(settings):
        reads["outfits.train"] = [["outfits", ["items"], ""]]
    if has_conditions(settings):
        reads["similarity_model"].append(["conditions", ["condition"], ""])
    if settings.similarity_model.kind == "user":
        reads["similarity_model"].append(["model_checks", None, ""])
