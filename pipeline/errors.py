"""Errors a user can act on: what was expected, what was found, where, and what to do."""


class PipelineError(Exception):
    """A problem with the user's data, model or settings, stated in four parts.

    Args:
        expected: what should have been there.
        found: what was there instead.
        where: the file, key or item concerned.
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


def _rebuild(kind: type[PipelineError], expected: str, found: str, where: str, remedy: str) -> PipelineError:
    return kind(expected=expected, found=found, where=where, remedy=remedy)


class BadDataset(PipelineError):
    """A dataset folder, list or matrix is missing, malformed or contradictory."""


class BadImage(PipelineError):
    """An image file cannot be read, or is refused as unsafe to read."""


class BadModel(PipelineError):
    """A model or its weights do not do what the pipeline needs."""


class BadSetting(PipelineError):
    """A setting is unknown, out of range, or contradicts another."""
