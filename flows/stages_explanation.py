"""The second half of the graph: attribute models, explanations, audit, metrics, report."""

from typing import Any

from flows.graph import Stage
from flows.planners import explanation, saliency
from flows.settings import Settings
from pipeline.errors import BadSetting

Reads = dict[str, list[list[Any]]]

LABELS = ["images", ["image_id", "attributes"]]
VOCABULARY: Reads = {"vocabulary": [["vocabulary", None, ""]]}


def explanation_stages(settings: Settings) -> list[Stage]:
    """Return the stages after the maps."""
    stages = attribute_stages(settings)
    if set(settings.attribute_model.names) != {"sane", "classifier"}:
        raise BadSetting(
            expected="both sane and classifier: the variants compare them",
            found=str(settings.attribute_model.names),
            where="attribute_model.names",
            remedy='set names = ["sane", "classifier"]',
        )
    stages += [_replacements_stage(split) for split in ("valid", "test")]
    stages += [_embedding_effects_stage(), _weights_stage(settings), _explanations_stage(settings)]
    if settings.dataset.kind == "planted":
        stages += [_true_effects_stage(settings, split) for split in ("valid", "test")]
        stages.append(_audit_stage(settings))
    metrics = _metrics_stage(settings)
    return [*stages, metrics, _report_stage(settings)]


def attribute_stages(settings: Settings) -> list[Stage]:
    """Return each attribute predictor and its scores on validation and test images."""
    stages = []
    for name in settings.attribute_model.names:
        stages.append(_attribute_model_stage(settings, name))
        stages.append(
            Stage(
                f"attribute_scores.{name}",
                "attribute_scores",
                {"attribute_model": f"attribute_model.{name}"},
                ("pipeline.attributes.predictor",),
                ("images", f"attribute_model.{name}"),
                explanation.plan_attribute_scores,
            )
        )
    return stages


def _attribute_model_stage(settings: Settings, name: str) -> Stage:
    model = settings.attribute_model
    # The classifier is the same network with lambda 0 (ECCV supplement): it sees no map and depends on none.
    weight = model.heatmap_weight if name == "sane" else 0.0
    maps = f"saliency_maps.train.{settings.saliency.supervision}.fixed"
    values = {
        "name": name,
        "map_temperature": model.map_temperature if weight else None,
        "maps": maps if weight else None,
        "training": {
            "backbone": model.backbone,
            "pretrained": model.pretrained,
            "epochs": model.epochs,
            "patience": model.patience,
            "batch_size": model.batch_size,
            "learning_rate": model.learning_rate,
            "decay": model.learning_rate_decay,
            "heatmap_weight": weight,
            "huber_reduction": model.huber_reduction,
            "seed": settings.seed,
        },
    }
    upstream = ("vocabulary", "images", *([maps] if weight else []))
    code = ("pipeline.attributes.training", "pipeline.explanation.normalise_map")
    return Stage(f"attribute_model.{name}", "attribute_model", values, code, upstream, explanation.plan_attribute_model)


def _whole(name: str, job: str, values: dict[str, Any], code: tuple[str, ...], reads: Reads) -> Stage:
    """Return a stage of one shard that depends on exactly the parts it reads."""
    return Stage(name, job, {**values, "reads": reads}, code, tuple(reads), explanation.plan_whole)


def _pair_reads(split: str) -> Reads:
    return {
        **VOCABULARY,
        "images": [[*LABELS, split]],
        f"pairs.{split}": [["pairs", None, ""]],
    }


def _replacements_stage(split: str) -> Stage:
    reads = _pair_reads(split)
    reads["images"] = [["images", ["image_id", "attributes", "pixels_sha256"], split]]
    reads["embeddings"] = [["embeddings", None, split]]
    code = ("pipeline.evaluation.replacement",)
    return _whole(f"replacements.{split}", "replacements", {"split": split}, code, reads)


def _embedding_effects_stage() -> Stage:
    reads = _pair_reads("test")
    columns = ["image_id", "label", "attributes"]
    reads["images"] = [["images", columns, "train"], ["images", columns, "test"]]
    reads["embeddings"] = [["embeddings", None, "train"], ["embeddings", None, "test"]]
    code = ("pipeline.explanation.conditional_directions", "pipeline.explanation.presence_probe")
    return _whole("embedding_effects.test", "embedding_effects", {"split": "test"}, code, reads)


def _weights_stage(settings: Settings) -> Stage:
    maps = f"saliency_maps.valid.{settings.saliency.supervision}.fixed"
    values = {
        "maps": maps,
        "map_temperature": settings.attribute_model.map_temperature,
        "prior_smoothing": settings.explanation.prior_smoothing,
        "weight_grid_step": settings.explanation.weight_grid_step,
        "seed": settings.seed,
    }
    reads = {
        **_pair_reads("valid"),
        "replacements.valid": [["replacements", ["pair_id", "attribute", "effect"], ""]],
        "attribute_scores.sane": [["scores", None, "valid"]],
        maps: [["maps", None, ""], ["map_rows", None, ""]],
    }
    code = (
        "pipeline.explanation.combination",
        "pipeline.explanation.count_prior",
        "pipeline.explanation.weight_grid",
        "pipeline.explanation.normalise_map",
    )
    return _whole("explanation_weights", "explanation_weights", values, code, reads)


def _explanations_stage(settings: Settings) -> Stage:
    maps = f"saliency_maps.test.{settings.saliency.supervision}.fixed"
    values = {
        "variants": list(settings.explanation.variants),
        "maps": maps,
        "map_temperature": settings.attribute_model.map_temperature,
        "seed": settings.seed,
    }
    reads = {
        **_pair_reads("test"),
        "images": [[*LABELS, "test"], [*LABELS, "valid"]],
        "pairs.valid": [["pairs", None, ""]],
        "replacements.valid": [["replacements", ["pair_id", "attribute", "effect"], ""]],
        "attribute_scores.sane": [["scores", None, "test"]],
        "attribute_scores.classifier": [["scores", None, "test"]],
        "embedding_effects.test": [["embedding_effects", None, ""]],
        maps: [["maps", None, ""], ["map_rows", None, ""]],
        "explanation_weights": [["prior", None, ""], ["weight_grid", None, ""]],
    }
    code = (
        "pipeline.explanation.variants",
        "pipeline.explanation.combination",
        "pipeline.explanation.embedding_effect",
        "pipeline.explanation.normalise_map",
        "pipeline.randomness",
    )
    return _whole("explanations", "explanations", values, code, reads)


def _true_effects_stage(settings: Settings, split: str) -> Stage:
    rendered = settings.dataset.model_dump(include={"seed", "image_size_px", "distractor_correlation"})
    values = {"split": split, "dataset": rendered, "precision": settings.compute.precision}
    code = (
        "pipeline.datasets.planted.edits",
        "pipeline.datasets.planted.renderer",
        "pipeline.datasets.planted.similarity",
        "pipeline.similarity.networks",
        "pipeline.similarity.scorer",
        "pipeline.evaluation.audit",
    )
    upstream = ("vocabulary", "images", "similarity_model", "embeddings", f"pairs.{split}")
    name = f"true_effects.{split}"
    return Stage(name, "true_effects", values, code, upstream, saliency.plan_true_effects)


def _audit_stage(settings: Settings) -> Stage:
    values = {
        "variants": list(settings.explanation.variants),
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
    }
    reads = {
        **_pair_reads("test"),
        "images": [["images", ["image_id", "attributes", "similarity_target"], "test"], [*LABELS, "valid"]],
        "pairs.valid": [["pairs", None, ""]],
        "embeddings": [["embeddings", None, "test"]],
        "true_effects.valid": [["true_effects", None, ""], ["null_effects", None, ""]],
        "true_effects.test": [["true_effects", None, ""], ["null_effects", None, ""]],
        "explanations": [["scores", None, ""]],
    }
    code = (
        "pipeline.datasets.planted.similarity",
        "pipeline.evaluation.audit_tables",
        "pipeline.similarity.retrieval",
    )
    return _whole("audit", "audit", values, code, reads)


def _metrics_stage(settings: Settings) -> Stage:
    audited = settings.dataset.kind == "planted"
    values = {
        "dataset": settings.dataset.kind,
        "similarity_model": settings.similarity_model.network,
        "generators": list(settings.saliency.generators),
        "attribute_models": list(settings.attribute_model.names),
        "variants": list(settings.explanation.variants),
        "audited": audited,
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
    }
    reads = {
        **_pair_reads("test"),
        "replacements.test": [["replacements", ["pair_id", "attribute", "effect"], ""]],
        "explanations": [["scores", None, ""]],
    }
    for generator in settings.saliency.generators:
        reads[f"faithfulness.{generator}.fixed"] = [["faithfulness", None, ""]]
    for name in settings.attribute_model.names:
        reads[f"attribute_scores.{name}"] = [["scores", None, "test"]]
    if audited:
        reads["audit"] = [["metrics", None, ""]]
    code = (
        "pipeline.evaluation.bootstrap",
        "pipeline.evaluation.attribute_recognition",
        "pipeline.evaluation.average_precision_interval",
        "pipeline.evaluation.pair_dependence",
        "pipeline.evaluation.replacement",
    )
    return _whole("metrics", "metrics", values, code, reads)


def _report_stage(settings: Settings) -> Stage:
    values = {
        "dataset": settings.dataset.kind,
        "similarity_model": settings.similarity_model.network,
        "generators": list(settings.saliency.generators),
        "attribute_models": list(settings.attribute_model.names),
        "variants": list(settings.explanation.variants),
        "seed": settings.seed,
    }
    maps = f"saliency_maps.test.{settings.saliency.supervision}.fixed"
    reads: Reads = {
        **VOCABULARY,
        "metrics": [["metrics", None, ""]],
        "images": [["pixels", None, "test"], ["images", None, "test"]],
        "pairs.test": [["pairs", None, ""]],
        "similarities.test": [["similarities", None, ""]],
        "explanations": [["explanations", None, ""]],
        "explanation_weights": [["prior", None, ""], ["weight_grid", None, ""]],
        "similarity_model": [["training_history", None, ""]],
        maps: [["maps", None, ""], ["map_rows", None, ""]],
    }
    for generator in settings.saliency.generators:
        reads[f"faithfulness.{generator}.fixed"] = [["faithfulness", None, ""]]
    for name in settings.attribute_model.names:
        reads[f"attribute_model.{name}"] = [["training_history", None, ""]]
    return _whole("report", "report", values, ("pipeline.report.page",), reads)
