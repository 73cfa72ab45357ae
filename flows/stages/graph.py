"""The stage graph as a readable list, in the order in which it runs."""

from dataclasses import replace

from flows.engine.device import AUTO
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.settings.similarity_model import TYPE_AWARE_KEYS, USER_MODEL_KEYS
from flows.stages import pair_shards as pairs
from flows.stages import similarity_shards as similarity
from flows.stages.dataset import SPLITS, dataset_stages, match_threshold
from flows.stages.evaluation import evaluation_stages
from flows.stages.explanation import explanation_stages
from flows.stages.saliency import saliency_stages
from flows.stages.tables import SCHEMAS
from flows.stages.type_aware import (
    SCORING,
    compatibility_stage,
    condition_upstream,
    condition_values,
    has_conditions,
    has_outfits,
    type_aware_stage,
)
from flows.stages.user_model import embedding_code, model_paths, user_model_stage
from pipeline.errors import BadSetting


def build_stages(settings: Settings) -> tuple[Stage, ...]:
    """Return every stage instance of a run with one seed; a stage comes after all that it reads.

    Raises:
        BadSetting: compute.precision is still "auto", which no key may hold.
    """
    if settings.compute.precision == AUTO:
        raise BadSetting(
            expected="a precision: float32, bfloat16, or one that was decided",
            found="'auto'",
            where="compute.precision",
            remedy="start it by `sane run`, or replace it first (flows.auto_compute), or name a precision",
        )
    stages = (
        *dataset_stages(settings),
        *similarity_stages(settings),
        *saliency_stages(settings),
        *explanation_stages(settings),
        *evaluation_stages(settings),
    )
    return tuple(replace(stage, tables=tuple(SCHEMAS.values())) for stage in stages)


def similarity_stages(settings: Settings) -> list[Stage]:
    """Return the explained model, the embeddings, and each split's pairs with their scores."""
    model = settings.similarity_model
    # The length of a user's vectors is found by embedding.
    length = {} if model.kind == "user" else {"embedding_dim": model.embedding_dim}
    stages = [
        _model_stage(settings),
        Stage(
            "embeddings",
            "embeddings",
            {"precision": settings.compute.precision, **length},
            embedding_code(model),
            ("images", "similarity_model"),
            similarity.plan_embeddings,
            model_paths(model),
        ),
    ]
    stages += [_pairs_stage(settings, split) for split in SPLITS]
    for split in SPLITS:
        upstream = (f"pairs.{split}", "embeddings", *condition_upstream(settings))
        stages.append(
            Stage(
                f"similarities.{split}",
                "similarities",
                {"split": split, **condition_values(settings)},
                SCORING,
                upstream,
                similarity.plan_similarities,
            )
        )
    return [*stages, *([compatibility_stage(settings)] if has_outfits(settings) else [])]


def _model_stage(settings: Settings) -> Stage:
    if settings.similarity_model.kind == "user":
        return user_model_stage(settings)
    return type_aware_stage(settings) if has_conditions(settings) else _network_stage(settings)


def _network_stage(settings: Settings) -> Stage:
    model = settings.similarity_model
    weights = None if model.weights is None else str(model.weights)
    trained = set(type(model).model_fields) - {"kind", "weights"} - USER_MODEL_KEYS - TYPE_AWARE_KEYS
    values = model.model_dump(include={"network", "embedding_dim"} if weights else trained)
    if weights is None:
        values["seed"] = settings.seed
    code = (
        ("pipeline.similarity.networks",)
        if weights
        else ("pipeline.similarity.training.train", "pipeline.similarity.training.epoch_length")
    )
    return Stage(
        "similarity_model",
        "similarity_model",
        values,
        code,
        () if weights else ("images",),
        similarity.plan_similarity_model,
        {"weights": weights},
    )


def _pairs_stage(settings: Settings, split: str) -> Stage:
    chosen = settings.pairs
    name = f"pairs.{split}"
    values = {
        "split": split,
        "references": chosen.train_references if split == "train" else chosen.references,
        "most_pairs": {"train": chosen.train, "valid": chosen.valid, "test": chosen.test}[split],
        "seed": settings.seed,
    }
    if split == "test" and chosen.file is not None:
        listed = {
            "split": split,
            "most_pairs": chosen.test,
            "seed": settings.seed,
            "has_outfits": has_outfits(settings),
        }
        code = ("pipeline.pairs.lists", "pipeline.datasets.outfits")
        upstream = ("images", *(["type_pairs"] if has_outfits(settings) else []))
        return Stage(
            name, "listed_pairs", listed, code, upstream, pairs.plan_listed_pairs, {"pairs_file": str(chosen.file)}
        )
    if has_outfits(settings):
        code = ("pipeline.pairs.sampling", "pipeline.pairs.outfit_matches")
        upstream = ("images", f"outfits.{split}", "type_pairs")
        return Stage(name, "outfit_pairs", values, code, upstream, pairs.plan_outfit_pairs)
    values["match_threshold"] = match_threshold(settings)
    return Stage(name, "pairs", values, ("pipeline.pairs.sampling",), ("images",), similarity.plan_pairs)
