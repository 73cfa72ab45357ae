"""What a user asks of a run by name: stages, what these need, and the run's own name."""

from collections.abc import Sequence

from flows.engine.stage import Stage
from pipeline.errors import BadSetting

LONGEST_NAME = 100


def needed_for(stages: tuple[Stage, ...], name: str) -> frozenset[str]:
    """Return the stage and everything upstream of it."""
    by_name = {stage.name: stage for stage in stages}
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in needed:
            needed.add(current)
            waiting += by_name[current].upstream
    return frozenset(needed)


def check_name(name: str) -> None:
    """Refuse a run's name that would not stand in a table.

    Raises:
        BadSetting: it is too long or not plain text.
    """
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadSetting(
            expected=f"at most {LONGEST_NAME} printable characters",
            found=repr(name[: LONGEST_NAME + 1]),
            where="--name",
            remedy="choose a short name",
        )


def check_stage_names(stages: tuple[Stage, ...], until: str | None, force: Sequence[str], adopt: Sequence[str]) -> None:
    """Refuse names of stages that there are not.

    Raises:
        BadSetting: one of them is no stage instance.
    """
    names = [stage.name for stage in stages]
    for flag, chosen in (("--until", [until] if until else []), ("--force", force), ("--adopt", adopt)):
        for name in chosen:
            if name not in names:
                raise BadSetting(
                    expected=f"a stage instance: {', '.join(names)}",
                    found=repr(name),
                    where=flag,
                    remedy="sane status CONFIG lists the stages",
                )
