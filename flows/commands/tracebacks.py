"""Tracebacks as `--debug` prints them."""

import traceback


def causes_last(error: BaseException) -> str:
    """Return the traceback of an error and of each error behind it, the first cause last.

    Python shows them the other way round: the user's own line would be in the middle, where nobody looks.
    """
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or (None if step.__suppress_context__ else step.__context__)
    texts = ["".join(traceback.format_exception(one, chain=False)) for one in chain]
    return "\nwhich came of:\n\n".join(texts) + "\n"
