"""The files of a user's own model: weights handed to its factory, or the program itself."""

from hashlib import sha256
from pathlib import Path

from pipeline.errors import BadModel

# Prefix of the names of files that are handed to a factory, among a stage's paths.
FILE_PATH_PREFIX = "file."


def model_file_digest(path: str, key: str) -> str:
    """Return the sha256 of a file of the user's model; `key` is the setting that names it.

    Raises:
        BadModel: there is no such file.
    """
    check_model_file(path, key)
    return sha256(Path(path).read_bytes()).hexdigest()


def check_model_file(path: str, key: str) -> None:
    """Refuse a file of the user's model that does not exist.

    Raises:
        BadModel: there is no such file.
    """
    if not Path(path).is_file():
        raise BadModel(
            expected="a file",
            found="no such file",
            where=f"{key} = {path}",
            remedy="correct the path (it is relative to the configuration file)",
        )
