"""Names for computations and for bytes, and the difference between two ingredient lists.

A fingerprint names a computation by what goes into it; a digest names the values that came out.
"""

from collections.abc import Mapping, Sequence

from stores.canonical import canonical_json, fingerprint
from stores.digests import combine_digests, digest_array, digest_bytes, digest_table, digest_tensors

__all__ = [
    "ABSENT",
    "canonical_json",
    "changed_ingredients",
    "combine_digests",
    "digest_array",
    "digest_bytes",
    "digest_table",
    "digest_tensors",
    "fingerprint",
    "short",
]

# What a value reads on the side that does not have it.
ABSENT = "(absent)"
_LONGEST_SHOWN = 48


def short(fingerprint_hex: str) -> str:
    """Return the first 12 digits of a fingerprint, for people to read."""
    return fingerprint_hex[:12]


def changed_ingredients(old: Mapping[str, object], new: Mapping[str, object]) -> list[tuple[str, str, str]]:
    """Return what differs between two ingredient lists as (dotted path, old, new), sorted by path.

    Mappings are entered by key and lists of equal length by position; a list whose length changed is one
    entry, of which long ones show what only one side has: "[…,"b"]". Values are canonical JSON, shortened in
    the middle; a value on one side only reads "(absent)" on the other.

    Raises:
        StoreError: when a value has no canonical JSON.
    """
    changes: list[tuple[str, str, str]] = []
    _collect_changes("", old, new, changes)
    return changes


def _collect_changes(path: str, old: object, new: object, changes: list[tuple[str, str, str]]) -> None:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            inner = f"{path}.{key}" if path else str(key)
            if key not in old:
                changes.append((inner, ABSENT, _shown(new[key])))
            elif key not in new:
                changes.append((inner, _shown(old[key]), ABSENT))
            else:
                _collect_changes(inner, old[key], new[key], changes)
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        for position, (old_item, new_item) in enumerate(zip(old, new, strict=True)):
            _collect_changes(f"{path}[{position}]", old_item, new_item, changes)
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
        shown = (_shown_list(old, new), _shown_list(new, old))
        # Lists that only repeat items of each other would read alike.
        changes.append((path, *(shown if shown[0] != shown[1] else (_shown(old), _shown(new)))))
    elif canonical_json(old) != canonical_json(new):
        changes.append((path, _shown(old), _shown(new)))


def _shown_list(value: Sequence[object], other: Sequence[object]) -> str:
    """Return a list as text; of a long one the items that the other has not, after a mark for all that both have."""
    if len(canonical_json(list(value))) <= _LONGEST_SHOWN:
        return _shown(list(value))
    elsewhere = {canonical_json(item) for item in other}
    own = [text for text in map(canonical_json, value) if text not in elsewhere]
    return f"[{_shortened(','.join(['…', *own] if len(own) < len(value) else own))}]"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else canonical_json(value)
    if isinstance(value, str) and len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return short(text)
    return _shortened(text)


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_SHOWN:
        return text
    half = (_LONGEST_SHOWN - 1) // 2
    return f"{text[:half]}…{text[-half:]}"
