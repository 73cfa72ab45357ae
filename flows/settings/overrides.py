"""`--set key=value`: values that replace those of the configuration file."""

import tomllib
from dataclasses import dataclass
from typing import Any

from flows.settings.toml_file import quoting_remedy
from pipeline.errors import BadSetting

# What begins like this is meant as TOML; a bare word is text.
_MARKS_OF_TOML = ('"', "'", "[", "{")


@dataclass(frozen=True)
class Override:
    """One value from the command line.

    Attributes:
        keys: the sections and the key.
        written: as the user wrote it, key=value.
    """

    keys: tuple[str, ...]
    written: str


def apply_override(values: dict[str, Any], written: str) -> Override:
    """Put the value of `key=value` into the values of a file, and return which key it is.

    Raises:
        BadSetting: it is not of this form, its value begins like TOML and is none, or a section is a value.
    """
    key, separator, text = written.partition("=")
    if not separator or not key.strip():
        raise BadSetting(
            expected="key=value, such as saliency.rise.masks=500",
            found=repr(written),
            where="--set",
            remedy="write the key with its section, an equals sign and the value",
        )
    value = _value(text, written)
    *sections, last = key.strip().split(".")
    table = values
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise BadSetting(
                expected="a section",
                found=f"the value {table!r}",
                where=f"--set {key}",
                remedy="check the key",
            )
    table[last] = value
    return Override((*sections, last), written)


def _value(text: str, written: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        if not text.strip().startswith(_MARKS_OF_TOML):
            return text
        raise BadSetting(
            expected="a value in TOML",
            found=str(error),
            where=f"--set {written}",
            remedy=quoting_remedy(text) or "correct the value; the shell takes away one pair of quotes",
        ) from error
