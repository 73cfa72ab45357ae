"""The one JSON text of a value, and its sha256: equal values give equal text on every machine.

The hash names a computation, so it may not depend on the order of keys, the platform or Python's version.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping

from stores.errors import StoreError

_TEXT = frozenset({str})
_SCALARS = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = frozenset({dict, list, tuple})
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: keys sorted, no white space, floats by their shortest repr.

    Accepted are None, bool, int, float, str, lists, tuples (as lists) and mappings with string keys. An
    absent key, None and an empty container give different texts, and so do 1 and 1.0.

    Raises:
        StoreError: for NaN, infinity, a key that is not a string, or any other type; it names the place.
    """
    if _is_plain(value):
        try:
            return _ENCODER.encode(value)
        except ValueError:
            pass  # a number that is not finite; below it is named with its place
    return _encode(value, "value")


def _is_plain(value: object) -> bool:
    """Return whether a value is made of json's own types, exactly these, with text for keys.

    Nearly all values are, and json's encoder in C writes them as `_encode` does, several times as fast.
    """
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is dict and not _TEXT.issuperset(map(type, value)):  # type: ignore[call-overload]
        return False
    if kind not in _CONTAINERS:
        return False
    inner: Iterable[object] = value.values() if isinstance(value, dict) else value  # type: ignore[assignment]
    return all(_is_plain(item) for item in inner if type(item) not in _SCALARS)


def _encode(value: object, where: str) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(str(value))
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _encode_float(value, where)
    if isinstance(value, list | tuple):
        return "[" + ",".join(_encode(item, f"{where}[{position}]") for position, item in enumerate(value)) + "]"
    if isinstance(value, Mapping):
        return _encode_mapping(value, where)
    raise StoreError(
        expected="None, bool, int, float, str, a list, a tuple or a mapping",
        found=f"{type(value).__name__}: {value!r:.60}",
        where=where,
        remedy="convert it first: x.item() or x.tolist() for NumPy, str(x) for paths, sorted(x) for sets",
    )


def _encode_float(value: float, where: str) -> str:
    if not math.isfinite(value):
        raise StoreError(
            expected="a finite number",
            found=float.__repr__(value),
            where=where,
            remedy="use None for an unknown value: NaN differs from itself and cannot name anything",
        )
    return float.__repr__(value)


def _encode_mapping(value: Mapping[object, object], where: str) -> str:
    for key in value:
        if not isinstance(key, str):
            raise StoreError(
                expected="string keys",
                found=f"the {type(key).__name__} key {key!r:.60}",
                where=where,
                remedy="write the key as text",
            )
    texts = sorted(key for key in value if isinstance(key, str))
    return "{" + ",".join(f"{json.dumps(key)}:{_encode(value[key], f'{where}.{key}')}" for key in texts) + "}"


def fingerprint_of_parsed(value: object) -> str:
    """Return the fingerprint of a value that json.loads returned, without looking at the type of each part.

    Raises:
        StoreError: when it holds NaN or infinity.
    """
    try:
        return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()
    except ValueError:
        return fingerprint(value)


def fingerprint(value: object) -> str:
    """Return the sha256 of the canonical JSON of a value, 64 hexadecimal digits.

    Raises:
        StoreError: when the value has no canonical JSON.
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
