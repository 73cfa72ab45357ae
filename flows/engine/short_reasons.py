"""Reasons of stages as tables, logs and errors tell them: what is waited for and which code changed in a line each."""

from collections.abc import Iterable, Sequence

from flows.engine.reasons import CODE, CODE_CHANGED, NEVER_MADE, WAITS

CODE_NOTE = (
    "code changed: run with --adopt all to keep the results of which nothing else changed; --verbose names all modules"
)


def in_short(reasons: Sequence[str]) -> list[str]:
    """Return a stage's reasons with one line for all that it waits for, and one for all modules that changed."""
    modules = [_module(reason) for reason in reasons if _tells_code(reason)]
    waits = any(reason.startswith(WAITS) for reason in reasons)
    told: list[str] = []
    for reason in reasons:
        if reason.startswith(WAITS):
            told.append(_after(reason.removeprefix(WAITS).split(", ")))
        elif _tells_code(reason):
            # At the place of the first of them.
            told += [_changed(modules)] if _module(reason) == modules[0] else []
        elif not (waits and reason == NEVER_MADE):
            told.append(reason)
    return told


def state_text(state: str, reasons: Sequence[str]) -> str:
    """Return the state of a stage and the first of its reasons, such as "stale: seed: 0 -> 3"."""
    return f"{state}: {in_short(reasons)[0]}" if reasons else state


def code_note(reasons_of_stages: Iterable[Sequence[str]]) -> list[str]:
    """Return what to do about results that changed code made stale, as a line; none where no stage tells of code."""
    return [CODE_NOTE] if any(_tells_code(reason) for reasons in reasons_of_stages for reason in reasons) else []


def keeping(reasons_of_stages: Iterable[Sequence[str]]) -> str:
    """Return what a remedy that says to run adds where code changed; nothing where no stage tells of code."""
    return ", with --adopt all to keep results of which only code changed" if code_note(reasons_of_stages) else ""


def _changed(modules: Sequence[str]) -> str:
    if len(modules) == 1:
        return f"code changed: {modules[0]}"
    return f"code changed: {len(modules)} modules, such as {modules[0]}"


def _after(names: Sequence[str]) -> str:
    return f"after {names[-1]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _tells_code(reason: str) -> bool:
    return reason.startswith(CODE) and reason.endswith(CODE_CHANGED)


def _module(reason: str) -> str:
    return reason.removeprefix(CODE).removesuffix(CODE_CHANGED)
