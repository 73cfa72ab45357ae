"""Loading a user's model from its description, which holds names and digests but no paths."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from flows.user_model.factory import MadeModel, call_factory
from flows.user_model.files import FILE_PATH_PREFIX
from pipeline.errors import BadModel
from pipeline.similarity.user_model.model import Preprocessing, UserModel, as_embed, network_with_gradients
from pipeline.similarity.user_model.process_state import AROUND_EACH_CALL
from pipeline.similarity.user_model.program_file import load_program
from pipeline.similarity.user_model.user_code import ending_remedy, error_text, errors_as


def load_user_model(
    description: Mapping[str, Any], paths: Mapping[str, str | None], program: bytes | None, device: str
) -> UserModel:
    """Return the model on a device, as a network of the pipeline.

    Args:
        description: `factory`, `factory_arguments`, `sources` and `files` (sha256 by name), or `program` (sha256);
            `array_type`, `input_size_px`, `mean`, `std`.
        paths: `factory_folder`, and the path of each file.
        program: content of the program's file, None for a factory.
        device: torch device.

    Raises:
        BadModel: code or files are not those of the description, or do not make a model.
    """
    if program is not None:
        _check_digest("similarity_model.program", program, description["program"])
        return UserModel(load_program(program, device, "similarity_model.program"), _preprocessing(description))
    return as_user_model(make_user_object(description, paths), description, device)


def make_user_object(description: Mapping[str, Any], paths: Mapping[str, str | None]) -> MadeModel:
    """Return what the factory of a description returns.

    Raises:
        BadModel: code or files are not those of the description, or the factory fails.
    """
    files = {name: str(paths[f"{FILE_PATH_PREFIX}{name}"]) for name in description["files"]}
    for name, path in files.items():
        _check_digest(path, read_model_file(path, f"similarity_model.factory_files.{name}"), description["files"][name])
    return call_factory(
        description["factory"],
        str(paths["factory_folder"]),
        description["sources"],
        description["factory_arguments"],
        files,
    )


def as_user_model(made: MadeModel, description: Mapping[str, Any], device: str) -> UserModel:
    """Return what a factory made as a network of the pipeline, on a device.

    Raises:
        BadModel: it is neither a module nor an object with a method `embed`, or cannot be moved to the device.
    """

    def refused(error: BaseException) -> BadModel:
        return BadModel(
            expected=f"a model that can be put into evaluation mode and moved to {device}",
            found=error_text(error),
            where=f"what similarity_model.factory = {description['factory']!r} returned",
            remedy=ending_remedy(error, "call eval() and to(device) on it by itself; --debug shows where it failed"),
        )

    with errors_as(refused), made.guard.around(AROUND_EACH_CALL):
        embed = as_embed(made.model, device)
    takes_arrays = description["array_type"] == "numpy"
    network = network_with_gradients(made.model)
    return UserModel(embed, _preprocessing(description), takes_arrays, made.guard, network)


def _preprocessing(description: Mapping[str, Any]) -> Preprocessing:
    mean, std = description["mean"], description["std"]
    return Preprocessing(
        description["input_size_px"], None if mean is None else tuple(mean), None if std is None else tuple(std)
    )


def read_model_file(path: str, key: str) -> bytes:
    """Return the content of a file of the user's model.

    Raises:
        BadModel: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadModel(
            expected="a readable file",
            found=error.strerror or type(error).__name__,
            where=f"{key} = {path}",
            remedy="correct the path (it is relative to the configuration file)",
        ) from error


def _check_digest(where: str, data: bytes, expected: str) -> None:
    found = sha256(data).hexdigest()
    if found != expected:
        raise BadModel(
            expected=f"the file that was there when the run was planned (sha256 {expected[:12]})",
            found=f"another one (sha256 {found[:12]})",
            where=where,
            remedy="start the run again",
        )
