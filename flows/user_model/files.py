"""The single shard of a user's own similarity model: its files, and the images that it is checked on."""

from hashlib import sha256
from pathlib import Path

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.similarity_model import SimilarityModelSettings
from pipeline.errors import BadModel
from stores.fingerprints import fingerprint

SAMPLE_IMAGES = 8
# Prefix of the places of files that are handed to a factory.
FILE_PATH_PREFIX = "file."


def plan_user_model(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: files enter by their sha256, images of the check by the digest of their pixels.

    So do the names of the dataset's conditions where the model has masks for them.

    Raises:
        BadModel: a file does not exist, or the dataset has no readable image.
    """
    files = {
        name.removeprefix(FILE_PATH_PREFIX): model_file_digest(
            str(path), f"similarity_model.factory_files.{name[len(FILE_PATH_PREFIX) :]}"
        )
        for name, path in stage.paths.items()
        if name.startswith(FILE_PATH_PREFIX)
    }
    program = stage.paths["program"]
    program_digest = None if program is None else model_file_digest(program, "similarity_model.program")
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
    inputs = {"files": files, "program": program_digest, "sample": fingerprint(rows)}
    if stage.settings.get("conditions"):
        inputs["type_pairs"] = upstream.part_digest("type_pairs", "type_pairs")
    return [ShardPlan("all", inputs, {"files": files, "program": program_digest, "sample": sample})]


def check_user_files(model: SimilarityModelSettings) -> None:
    """Refuse a user's model whose program or files do not exist; before any image is read.

    Raises:
        BadModel: there is no such file.
    """
    named = {"similarity_model.program": model.program} if model.program is not None else {}
    named |= {f"similarity_model.factory_files.{name}": path for name, path in model.factory_files.items()}
    for key, path in named.items():
        _check_file(Path(path), key)


def model_file_digest(path: str, key: str) -> str:
    """Return the sha256 of a file of the user's model; `key` is the setting that names it.

    Raises:
        BadModel: there is no such file.
    """
    _check_file(Path(path), key)
    return sha256(Path(path).read_bytes()).hexdigest()


def _check_file(path: Path, key: str) -> None:
    if not path.is_file():
        raise BadModel(
            expected="a file",
            found="no such file",
            where=f"{key} = {path}",
            remedy="correct the path (it is relative to the configuration file)",
        )
