"""What a user asks of a run: a graph of stages, and by name what to run, force, adopt, and how to call it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from flows.engine.errors import BadRequest
from flows.engine.shard_task import Device
from flows.engine.stage import Stage

LONGEST_NAME = 100
# Among the names to adopt: every stage of which nothing but code has changed.
ALL = "all"


@dataclass(frozen=True)
class RunRequest:
    """What to run.

    Attributes:
        stages: the whole graph; a stage comes after all that it reads.
        store_root: folder or URL of the store.
        device: where jobs compute, as asked for.
        seed: for the record of the run.
        until: last stage instance to run, or None.
        force: stage instances to compute again even where they are current.
        adopt: stage instances whose result is kept although code changed, on the user's word, or "all".
        name: given by the user; it pins the results. May be empty.
        config: the configuration as the user named it, for the record of the run.
        run_id: the run that this is a part of, which keeps the record; empty for a run of its own.
        computes_elsewhere: jobs run on other machines, so that the device is found out there.
    """

    stages: tuple[Stage, ...]
    store_root: str
    device: Device
    seed: int = 0
    until: str | None = None
    force: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    name: str = ""
    config: str = ""
    run_id: str = ""
    computes_elsewhere: bool = False

    def wanted(self) -> tuple[Stage, ...]:
        """Return the stages that the run goes through, in order."""
        if self.until is None:
            return self.stages
        needed = needed_for(self.stages, self.until)
        return tuple(stage for stage in self.stages if stage.name in needed)

    def check(self) -> None:
        """Refuse names of stages that there are not, and a run's name that would not stand in a table.

        Raises:
            BadRequest: one of them is no stage instance, or the name is too long or not plain text.
        """
        check_stage_names(self.stages, self.until, self.force, self.adopt)
        if not self.name.isprintable() or len(self.name) > LONGEST_NAME:
            raise BadRequest(
                expected=f"at most {LONGEST_NAME} printable characters",
                found=repr(self.name[: LONGEST_NAME + 1]),
                where="--name",
                remedy="choose a short name",
            )


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


def check_stage_names(stages: tuple[Stage, ...], until: str | None, force: Sequence[str], adopt: Sequence[str]) -> None:
    """Refuse names of stages that there are not; the closest one is suggested.

    Raises:
        BadRequest: one of them is no stage instance.
    """
    names = [stage.name for stage in stages]
    asked = (("--until", [until] if until else []), ("--force", force), ("--adopt", [*set(adopt) - {ALL}]))
    for flag, chosen in asked:
        for name in chosen:
            if name not in names:
                close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
                suggestion = f"did you mean {close[0]}? " if close else ""
                raise BadRequest(
                    expected=f"a stage instance: {', '.join(names)}",
                    found=repr(name),
                    where=flag,
                    remedy=f"{suggestion}sane status CONFIG lists the stages",
                )
