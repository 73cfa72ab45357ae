"""Errors of the store: what was expected, what was found, where, and what to do."""

# What helps against damage, whatever is damaged.
REPAIR_REMEDY = "sane verify CONFIG --repair, then run again: only what is damaged is made anew"


class StoreError(Exception):
    """A problem with stored data or with the place it is stored in, stated in four parts.

    Args:
        expected: what should have been there.
        found: what was there instead.
        where: the file, folder or key concerned.
        remedy: what the user can do about it.
    """

    def __init__(self, *, expected: str, found: str, where: str, remedy: str) -> None:
        self.expected = expected
        self.found = found
        self.where = where
        self.remedy = remedy
        super().__init__(f"expected: {expected}\n   found: {found}\n   where: {where}\n  remedy: {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive default pickling, and errors cross process borders.
        return (_rebuild, (type(self), self.expected, self.found, self.where, self.remedy))


def _rebuild(kind: type[StoreError], expected: str, found: str, where: str, remedy: str) -> StoreError:
    return kind(expected=expected, found=found, where=where, remedy=remedy)


class CorruptArtifact(StoreError):
    """Stored bytes are not the bytes that were written: torn, truncated, flipped or partly deleted."""


class MissingArtifact(StoreError):
    """A file or folder that a record refers to is not there."""


class ReadOnlyStore(StoreError):
    """The store's place cannot be written: no permission, a read-only mount, or a full disk."""


class UnreachableStore(StoreError):
    """An object store does not answer in time; whoever asks on would wait as long for each further answer."""


class SchemaMismatch(StoreError):
    """A table or array does not have the columns, types or axes its name promises."""
