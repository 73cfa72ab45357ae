"""Refused settings in the user's words: the key as it was written, where it was written, and what would be right."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from flows.settings.overrides import Override
from pipeline.errors import BadSetting
from pipeline.setting_limits import AtLeast, AtMost

# Sections and key, and places in lists.
Keys = tuple[str | int, ...]
LONGEST_FOUND = 200
# Of pydantic's kinds of errors, those whose own words are about Python.
_EXPECTED = {
    "string_type": "text, in quotes",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of less than 20 digits",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "path_type": "a path, in quotes",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a section or table",
    "model_type": "a section",
    "missing": "this key",
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
}


def refusal(
    error: ValidationError, settings: type[BaseModel], values: Mapping[str, Any], path: Path, overrides: list[Override]
) -> BadSetting:
    """Return the error that tells of the first thing that is wrong.

    Args:
        error: of the validation.
        settings: the model of the whole file, whose keys are suggested.
        values: what was validated.
        path: of the configuration file.
        overrides: those that were applied over it, in order.
    """
    details = error.errors()
    first = details[0]
    keys = _written_keys(first["loc"], values)
    key = key_text(keys)
    if isinstance(first["input"], dict) and first["type"] == "value_error":
        concerned = _mentioned(first["msg"], key, settings) or [keys]
        found = ", ".join(_stated(one, values) for one in concerned)
    else:
        concerned, found = [keys], _stated(keys, values)
    where = _where(concerned, path, overrides)
    if first["type"] == "extra_forbidden":
        return BadSetting(expected="a known key", found=_short(found), where=where, remedy=_suggestion(key, settings))
    # Of a key that takes several kinds of values each kind has its own error.
    same = [one for one in details if _written_keys(one["loc"], values) == keys]
    return BadSetting(
        expected=" or ".join(dict.fromkeys(_expected(one) for one in same)) + _reason(first, key, settings),
        found=_short(found),
        where=where,
        remedy=_remedy(first, key, where),
    )


def known_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Return every key of a model and of its sections, such as "saliency.rise.masks"."""
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += known_keys(field.annotation, f"{prefix}{name}.")
    return keys


def key_text(keys: Sequence[str | int]) -> str:
    """Return a key with its sections, and with the place in a list: evaluation.seeds[0]."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in keys).removeprefix(".")


def written_value(value: object) -> str:
    """Return a value much as it stands in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(written_value, value))}]"
    return repr(value)


def _written_keys(location: Sequence[str | int], values: Any) -> Keys:
    """Return the part of an error's location that the user wrote, without the names of the types that were tried."""
    keys: list[str | int] = []
    for part in location:
        if isinstance(values, dict):
            keys.append(part)
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            keys.append(part)
            values = values[part]
        else:
            break
    return tuple(keys)


def _mentioned(message: str, section: str, settings: type[BaseModel]) -> list[Keys]:
    """Return the keys of a section that a message about several of them names."""
    below = [known for known in known_keys(settings) if known.startswith(f"{section}.".removeprefix("."))]
    named = [known for known in below if re.search(rf"(?<![\w.]){re.escape(known)}(?![\w.]*\w)", message)]
    return [tuple(known.split(".")) for known in named]


def _stated(keys: Keys, values: Any) -> str:
    """Return a key with its value, or that there is none."""
    for part in keys:
        if isinstance(values, dict) and part not in values:
            return f"no {key_text(keys)}"
        values = values[part]
    return f"{key_text(keys)} = {written_value(values)}"


def _where(concerned: Sequence[Keys], path: Path, overrides: list[Override]) -> str:
    """Return the last override that one of the keys comes from, else the file."""
    for override in reversed(overrides):
        for keys in concerned:
            common = min(len(keys), len(override.keys))
            if keys and keys[:common] == override.keys[:common]:
                return f"--set {override.written}, over {path}"
    return str(path)


def _expected(error: ErrorDetails) -> str:
    words = _EXPECTED.get(error["type"])
    if error["type"] == "missing" and isinstance(error["loc"][-1], int):
        return "a longer list"
    if words is None:
        return error["msg"].removeprefix("Value error, ")
    return words.format(**{name: _number(value) for name, value in error.get("ctx", {}).items()})


def _number(value: object) -> str:
    is_whole = isinstance(value, int | float) and value == int(value)
    return f"{int(value):,}" if is_whole else str(value)  # type: ignore[call-overload]


def _reason(error: ErrorDetails, key: str, settings: type[BaseModel]) -> str:
    """Return why there is a limit that a value is beyond, where the setting says so."""
    bound = error.get("ctx", {}).get({"less_than_equal": "le", "greater_than_equal": "ge"}.get(error["type"], ""))
    for limit in _limits(settings, re.sub(r"\[\d+\]", "", key).split(".")) if bound is not None else ():
        if bound == (limit.le if isinstance(limit, AtMost) else limit.ge):
            return f": {limit.reason}"
    return ""


def _limits(model: type[BaseModel], keys: list[str]) -> Iterator[AtMost | AtLeast]:
    field = model.model_fields.get(keys[0])
    if field is None:
        return
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) and keys[1:]:
        yield from _limits(field.annotation, keys[1:])
        return
    waiting: list[Any] = [field.annotation, *field.metadata]
    while waiting:
        found = waiting.pop()
        if isinstance(found, AtMost | AtLeast):
            yield found
        else:
            waiting += [*get_args(found)]


def _remedy(error: ErrorDetails, key: str, where: str) -> str:
    remedy = f"correct {key or 'the file'}; docs/configuration.md lists all keys"
    if error["type"] != "string_type" or isinstance(error["input"], dict | list):
        return remedy
    quoted = f'{key}="{written_value(error["input"])}"'
    # A shell takes one pair of quotes away.
    return f"write --set '{quoted}'" if where.startswith("--set") else f"write {quoted.replace('=', ' = ', 1)}"


def _suggestion(key: str, settings: type[BaseModel]) -> str:
    known = known_keys(settings)
    last = key.rpartition(".")[2]
    by_name = difflib.get_close_matches(last, [name.rpartition(".")[2] for name in known], n=1)
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5) or [
        name for name in known if by_name and name.rpartition(".")[2] == by_name[0]
    ]
    return f"did you mean {close[0]}?" if close else "docs/configuration.md lists all keys"


def _short(text: str) -> str:
    return text if len(text) < LONGEST_FOUND else text[:LONGEST_FOUND] + " ..."
