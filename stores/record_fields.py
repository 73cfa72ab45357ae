"""What the fields of a record may hold: types with their contents, checked to the bottom.

A right checksum says that a record is whole, not that this program wrote it.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_origin

# Numbers go on to tables, whose columns have 64 bits.
_LARGEST_INTEGER = 2**63 - 1


class PlainName(str):
    """In a declaration of fields: a text that can be the name of one file or folder."""

    __slots__ = ()


class Instant(str):
    """In a declaration of fields: a time as ISO 8601."""

    __slots__ = ()


def field_problem(value: object, kind: Any, place: str) -> str | None:
    """Return in words what keeps a value, read from JSON, from being of a kind; None where it is of it.

    Args:
        value: as `json.loads` gives it.
        kind: Any, str, int (of at most 64 bits), float, dict, list, PlainName, Instant, or list[...] and
            dict[..., ...] of kinds.
        place: names the value in the words, such as "counts".
    """
    if _fits(value, kind):
        return None
    outer, inner = _parts(kind)
    if not _fits_alone(value, outer):
        return f"the field {place!r} holds {f'the {type(value).__name__} {value!r}'[:200]}"
    if isinstance(value, list):
        pieces = [(item, inner[0], f"{place}[{position}]") for position, item in enumerate(value)]
    else:
        assert isinstance(value, dict)
        pieces = [(key, inner[0], f"a key of {place}") for key in value]
        pieces += [(item, inner[1], f"{place}.{key}") for key, item in value.items()]
    return next(filter(None, (field_problem(*piece) for piece in pieces)), None)


def _fits(value: object, kind: Any) -> bool:
    """Return whether a value is of a kind; nearly all are, and a large store has hundreds of thousands of them."""
    outer, inner = _parts(kind)
    if not _fits_alone(value, outer):
        return False
    if not inner:
        return True
    if isinstance(value, list):
        return all(_fits(item, inner[0]) for item in value)
    if isinstance(value, dict):
        return all(_fits(key, inner[0]) for key in value) and all(_fits(item, inner[1]) for item in value.values())
    return True


def _fits_alone(value: object, outer: Any) -> bool:
    """Return whether a value is of a kind, whatever it contains."""
    if outer is Any:
        return True
    if outer is PlainName:
        return isinstance(value, str) and _is_plain_name(value)
    if outer is Instant:
        return isinstance(value, str) and _is_instant(value)
    if outer is int or outer is float:
        return type(value) is outer and abs(value) <= (_LARGEST_INTEGER if outer is int else float("inf"))
    return isinstance(value, outer)


@cache
def _parts(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a kind without its contents, and the kinds of these."""
    return get_origin(kind) or kind, get_args(kind)


def fields_problem(
    fields: Mapping[str, Any], types: Mapping[str, Any], optional: Mapping[str, Any] | None = None, place: str = ""
) -> str | None:
    """Return what keeps a mapping from having these fields with these types; None where it has them and no others.

    Args:
        fields: as read.
        types: every field's name and kind, see `field_problem`.
        optional: fields that may be missing.
        place: names the mapping in the words; empty for a record itself.
    """
    known = {**types, **(optional or {})}
    odd = sorted({*fields} - set(known)) + sorted(set(types) - {*fields})
    if odd:
        return f"other fields: {', '.join(f'{place}.{name}' if place else name for name in odd)}"[:200]
    for name, kind in known.items():
        if name in fields and not _fits(fields[name], kind):
            return field_problem(fields[name], kind, f"{place}.{name}" if place else name)
    return None


def _is_plain_name(text: str) -> bool:
    return text not in ("", ".", "..") and not ("/" in text or "\\" in text or "\0" in text)


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
