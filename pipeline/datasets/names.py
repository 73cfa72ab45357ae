"""Names in users' tables: which text can be one, its one composed form, and names that look like mistyped others."""

import unicodedata
from collections.abc import Iterable

# Control characters, and the separators of lines and paragraphs: what a name on one line cannot hold. Spaces of every
# width, joiners between letters and within emoji, and marks are how languages are written.
_NOT_IN_A_NAME = frozenset({"Cc", "Zl", "Zp"})


def is_name(text: str) -> bool:
    """Return whether a text is not empty and free of control characters and line breaks."""
    return bool(text) and not any(unicodedata.category(character) in _NOT_IN_A_NAME for character in text)


def composed(text: str) -> str:
    """Return a text in Unicode's composed form (NFC): letters with accents are the same however they were typed."""
    return unicodedata.normalize("NFC", text)


def names_alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups, sorted, of distinct names that differ in upper and lower case or in white space alone."""
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault("".join(name.casefold().split()), set()).add(name)
    return sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1)
