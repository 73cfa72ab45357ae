"""The graph from maps to explanations: attribute models, replacements, weights."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages import attribute_shards as explanation
from flows.stages.reads import LABELS, pair_reads, single_shard_stage
from flows.stages.type_aware import condition_reads, has_outfits
from pipeline.errors import BadSetting


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
    stages += [_replacements_stage(settings, split) for split in ("valid", "test")]
    stages += [_embedding_effects_stage(settings), _weights_stage(settings), _explanations_stage(settings)]
    return stages


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


def _replacements_stage(settings: Settings, split: str) -> Stage:
    within_type = has_outfits(settings)
    reads = {**pair_reads(split), **condition_reads(settings)}
    columns = ["image_id", "attributes", "pixels_sha256", *(["label"] if within_type else [])]
    reads["images"] = [["images", columns, split]]
    reads["embeddings"] = [["embeddings", None, split]]
    values = {"split": split, **({"within_type": True} if within_type else {})}
    code = ("pipeline.evaluation.replacement",)
    return single_shard_stage(f"replacements.{split}", "replacements", values, code, reads)


def _embedding_effects_stage(settings: Settings) -> Stage:
    reads = {**pair_reads("test"), **condition_reads(settings)}
    columns = ["image_id", "label", "attributes"]
    reads["images"] = [["images", columns, "train"], ["images", columns, "test"]]
    reads["embeddings"] = [["embeddings", None, "train"], ["embeddings", None, "test"]]
    code = (
        "pipeline.explanation.conditional_directions",
        "pipeline.explanation.effects_by_condition",
        "pipeline.explanation.presence_probe",
    )
    return single_shard_stage("embedding_effects.test", "embedding_effects", {"split": "test"}, code, reads)


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
        **pair_reads("valid"),
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
    return single_shard_stage("explanation_weights", "explanation_weights", values, code, reads)


def _explanations_stage(settings: Settings) -> Stage:
    maps = f"saliency_maps.test.{settings.saliency.supervision}.fixed"
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
        "pipeline.explanation.normalise_map",
        "pipeline.randomness",
    )
    return single_shard_stage("explanations", "explanations", values, code, reads)
