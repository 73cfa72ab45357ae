"""The stage of a user's own similarity model, and what the stages that embed with it need."""

from collections.abc import Mapping

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.settings.similarity_model import SimilarityModelSettings
from flows.stages.type_aware import has_outfits
from flows.user_model.files import FILE_PATH_PREFIX, plan_user_model
from flows.user_model.sources import factory_sources
from pipeline.errors import BadSetting

EMBED = ("pipeline.similarity.networks", "pipeline.similarity.scorer", "pipeline.similarity.graph_capture")
DESCRIBED = {"kind", "factory", "factory_arguments", "array_type", "input_size_px", "mean", "std", "version"}


def embedding_code(model: SimilarityModelSettings) -> tuple[str, ...]:
    """Return the pipeline modules of a stage that embeds images."""
    if model.kind == "user":
        return (*EMBED, "pipeline.similarity.user_model.model", "pipeline.similarity.user_model.program_file")
    return EMBED


def model_paths(model: SimilarityModelSettings) -> Mapping[str, str | None]:
    """Return where the user's code and files lie; nothing for the pipeline's own networks, which are in the store."""
    if model.kind != "user":
        return {}
    files = {f"{FILE_PATH_PREFIX}{name}": str(path) for name, path in model.factory_files.items()}
    folder = None if model.factory is None else str(model.factory_path)
    return {"factory_folder": folder, "program": None if model.program is None else str(model.program), **files}


def user_model_stage(settings: Settings) -> Stage:
    """Return the stage `similarity_model` of a user's model: checked, and described for the stages after it.

    Raises:
        BadModel, StoreError: the factory's code is not there or does not parse.
        BadSetting: it is to have conditions, and the dataset has none.
    """
    model = settings.similarity_model
    values = user_model_values(settings)
    code = (
        *embedding_code(model),
        "pipeline.similarity.user_model.checks",
        "pipeline.similarity.user_model.condition_masks",
    )
    upstream: tuple[str, ...] = ("images",)
    if model.conditions:
        _check_has_conditions(settings)
        # Only where there are any, so that the keys of models without stay.
        values["conditions"] = True
        upstream = (*upstream, "type_pairs")
    return Stage("similarity_model", "user_model", values, code, upstream, plan_user_model, model_paths(model))


def _check_has_conditions(settings: Settings) -> None:
    if not has_outfits(settings):
        raise BadSetting(
            expected="a dataset whose pairs have conditions: one of outfits, such as polyvore_outfits",
            found=f"dataset.kind = {settings.dataset.kind!r}",
            where="similarity_model.conditions = true",
            remedy="leave similarity_model.conditions out: the model's general embedding then scores every pair",
        )


def user_model_values(settings: Settings) -> dict[str, object]:
    """Return what names a user's model but for its files, and what else the checks depend on."""
    model = settings.similarity_model
    sources = {}
    if model.factory is not None:
        sources = dict(factory_sources(model.factory, str(model.factory_path)).digests)
    return {
        **model.model_dump(include=DESCRIBED),
        "sources": sources,
        "precision": settings.compute.precision,
        "canvas": list(settings.dataset.canvas),
    }
