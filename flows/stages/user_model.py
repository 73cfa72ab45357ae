"""The stage of a user's own similarity model, and what the stages that embed with it need."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from flows.engine.reasons import DERIVED
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.settings.similarity_model import SimilarityModelSettings
from flows.stages.conditions import CONDITIONS, has_outfits
from flows.stages.facts import Facts
from flows.stages.generator_spec import generator_spec
from flows.stages.training_history import TRAINING_HISTORY
from flows.stages.user_keys import keys_in
from flows.user_model.files import FILE_PATH_PREFIX, check_model_file, model_file_digest
from flows.user_model.sources import factory_sources
from pipeline.errors import BadModel, BadSetting
from pipeline.saliency.catalogue import GENERATORS
from pipeline.similarity.user_model.check_passes import check_passes
from stores.fingerprints import fingerprint
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

MODEL_CHECKS = TableSchema(
    "model_checks",
    "One row per measurement; distances are between unit vectors, 0 to 2.",
    (
        Column(
            "measure",
            TEXT,
            "`embedding_dim`; `repeat_difference`, largest distance between an image's vectors when a "
            "batch is embedded twice; `batch_difference`, alone and in a batch; `largest_distance` "
            "between any two images, noise and blank ones included; `largest_distance_in_dataset`; "
            "`timed_images`; with conditions `condition_masks`, how many, `conditions_without_mask` of "
            "the dataset, `masks_of_no_condition` of it, and `smallest_norm_under_mask` of a unit "
            "vector times a mask",
        ),
        Column(
            "value", NUMBER, "what was found; NaN where the checks saw fewer than two different images of the dataset"
        ),
        Column(
            "limit",
            NUMBER,
            "where there is one: a difference above it, a largest distance below it, or a smallest "
            "norm not above it stops the run",
            nullable=True,
        ),
        Column("seconds", NUMBER, "that the timed batch took; in no digest", nullable=True, volatile=True),
    ),
)

SAMPLE_IMAGES = 8
PROGRAM_KEY = "similarity_model.program"
DESCRIBED = {"kind", "factory", "factory_arguments", "array_type", "input_size_px", "mean", "std", "version"}
# Imported by name by who loads the explained model, so that other models' results do not depend on it.
LOADING = ("flows.user_model.loading",)


def embedding_code(model: SimilarityModelSettings) -> tuple[str, ...]:
    """Return the modules that a stage which embeds images imports by name."""
    return LOADING if model.kind == "user" else ()


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
    upstream: tuple[str, ...] = ("images",)
    if model.conditions:
        _check_has_conditions(settings)
        # Only where there are any, so that the keys of models without stay.
        values["conditions"] = True
        upstream = (*upstream, "type_pairs")
    gradient_keys = _add_gradients(settings, values)
    return Stage(
        "similarity_model",
        "flows.jobs.user_model",
        values,
        # Not what a generator refuses: no part of the result holds anything of it, and its maps would refuse the same.
        (),
        upstream,
        cut_user_model,
        model_paths(model),
        tables=(TRAINING_HISTORY, MODEL_CHECKS, CONDITIONS),
        keys={
            **keys_in("similarity_model", (*DESCRIBED, "conditions")),
            "sources": "similarity_model.factory",
            **gradient_keys,
        },
        costs=ShardCosts(_work),
        check_inputs=_check_files,
    )


def _add_gradients(settings: Settings, values: dict[str, Any]) -> dict[str, str]:
    """Add what generators that take gradients ask of the model, so that its check refuses what they would refuse later.

    Args:
        settings: of the run.
        values: of the stage; nothing is added where there are no such generators.

    Returns:
        The user's keys of what was added.
    """
    specs = {
        name: generator_spec(settings, name, GENERATORS[name].modes[0])
        for name in sorted(settings.saliency.generators)
        if GENERATORS[name].is_white_box
    }
    if not specs:
        return {}
    layers = {name: spec["layer"] for name, spec in specs.items() if "layer" in spec}
    values |= {"gradient_generators": list(specs), "layers": layers}
    own = {f"layers.{name}": f"saliency.{name}.layer" for name in layers}
    return {"gradient_generators": "saliency.generators", "layers": DERIVED, **own}


def _check_has_conditions(settings: Settings) -> None:
    if not has_outfits(settings):
        raise BadSetting(
            expected="a dataset whose pairs have conditions: one of outfits, such as polyvore_outfits",
            found=f"dataset.kind = {settings.dataset.kind!r}",
            where="similarity_model.conditions = true",
            remedy="leave similarity_model.conditions out: the model's general embedding then scores every pair",
        )


def user_model_values(settings: Settings) -> dict[str, Any]:
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


def cut_user_model(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: files enter by their sha256, images of the check by the digest of their pixels.

    So do the names of the dataset's conditions where the model has masks for them.

    Raises:
        BadModel: a file does not exist, or the dataset has no readable image.
    """
    files = {name: model_file_digest(path, _file_key(name)) for name, path in _factory_files(stage).items()}
    path = stage.paths["program"]
    program = None if path is None else model_file_digest(path, PROGRAM_KEY)
    table = upstream.table("images", "images").select(["image_id", "split", "pixels_sha256"])
    # By digest, so that more images hardly change which ones are taken.
    rows = sorted(table.to_pylist(), key=lambda row: sha256(row["image_id"].encode()).hexdigest())[:SAMPLE_IMAGES]
    if not rows:
        raise BadModel(
            expected="images to check the similarity model on",
            found="a dataset without a readable image",
            where="the stage images",
            remedy="select path, reason from unreadable_images says why",
        )
    shards = upstream.shard_of_rows("images", "images", "image_id")
    sample = {row["image_id"]: shards[row["image_id"]] for row in rows}
    inputs = {"files": files, "program": program, "sample": fingerprint(rows)}
    if stage.settings.get("conditions"):
        inputs["type_pairs"] = upstream.part_digest("type_pairs", "type_pairs")
    return [ShardPlan("all", inputs, {"files": files, "program": program, "sample": sample})]


def _factory_files(stage: Stage) -> dict[str, str]:
    """Return the path of each file that is handed to the factory, by its name there."""
    found = {name: str(path) for name, path in stage.paths.items() if name.startswith(FILE_PATH_PREFIX)}
    return {name.removeprefix(FILE_PATH_PREFIX): path for name, path in found.items()}


def _file_key(name: str) -> str:
    return f"similarity_model.factory_files.{name}"


def _check_files(stage: Stage, _stages: Any) -> None:
    program = stage.paths["program"]
    if program is not None:
        check_model_file(program, PROGRAM_KEY)
    for name, path in _factory_files(stage).items():
        check_model_file(path, _file_key(name))


def _work(stage: Stage, _extent: ShardExtent, facts: Facts) -> Work:
    passes = check_passes(min(SAMPLE_IMAGES, len(facts.rows("train", "valid", "test"))))
    passes += sum(GENERATORS[name].check_passes for name in stage.settings.get("layers", ()))
    # Fewer only where hardly any image can be read.
    is_bound = not facts.images_are_certain
    return Work(passes, rates={"forward_image": passes}, is_upper_bound=is_bound, loads_torch=True)
