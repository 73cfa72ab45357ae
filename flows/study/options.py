"""What a study asks, as the command line gives it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.errors import BadSetting
from pipeline.study.conditions import ANSWER, DEFAULT_CONDITIONS, RANDOM, Condition, checked_source, condition_of
from pipeline.study.design import PREFERENCE, PROTOCOLS
from pipeline.study.pages import default_consent

GROUPS: Final = ("woman", "man", "another", "prefer not to say")
MOST: Final = 1000
_LONGEST_GROUP: Final = 60
_LARGEST_CONSENT_BYTES: Final = 100_000


@dataclass(frozen=True)
class StudyOptions:
    """What is asked, of whom.

    Attributes:
        protocols: `preference`, `prediction` or both.
        questions: of `preference`, for each subject and dataset.
        pairs: that these are taken from; None: four times as many.
        conditions: of `prediction`.
        repeats: of `prediction`: triplets that a subject sees in each condition and dataset.
        triplets: that these are taken from; None: as many as a subject sees.
        subjects: expected.
        checks: attention checks on each form.
        groups: that subjects choose from.
        explained_by: whose attribute stands against a random one in `preference`.
        generator: of maps.
        mode: of the generator.
        least_gap: smallest difference of the two scores of a triplet.
        seed: of all draws; None: the first run's.
        consent: file with the text that subjects agree to; None: the one that comes with the project.

    Raises:
        BadSetting: one of them is refused.
    """

    protocols: tuple[str, ...] = PROTOCOLS
    questions: int = 10
    pairs: int | None = None
    conditions: tuple[str, ...] = DEFAULT_CONDITIONS
    repeats: int = 2
    triplets: int | None = None
    subjects: int = 40
    checks: int = 2
    groups: tuple[str, ...] = GROUPS
    explained_by: str = ANSWER
    generator: str = "rise"
    mode: str = "fixed"
    least_gap: float = 0.02
    seed: int | None = None
    consent: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        for protocol in self.protocols:
            _check(protocol in PROTOCOLS, " or ".join(PROTOCOLS), protocol, "--protocol")
        _check(bool(self.protocols), " or ".join(PROTOCOLS), "none", "--protocol")
        for name in ("questions", "pairs", "repeats", "triplets", "subjects"):
            value = getattr(self, name)
            _check(value is None or 1 <= value <= MOST, f"1 to {MOST}", str(value), f"--{name}")
        _check(0 <= self.checks <= MOST, f"0 to {MOST}", str(self.checks), "--checks")
        _check(0 <= self.least_gap <= 2, "0 to 2, a difference of cosines", str(self.least_gap), "--least-gap")
        _check(self.explained_by != RANDOM, "a source other than random", RANDOM, "--explained-by")
        checked_source(self.explained_by, "--explained-by")
        _check_once(self.protocols, "--protocol")
        _check_once(self.conditions, "--condition")
        for name in self.conditions:
            condition_of(name)
        _check_groups(self.groups)

    def conditions_of(self, protocol: str) -> tuple[Condition, ...]:
        """Return the conditions of a protocol."""
        if protocol == PREFERENCE:
            return (Condition(False, self.explained_by),)
        return tuple(condition_of(name) for name in self.conditions)

    def questions_of(self, protocol: str) -> int:
        """Return how many questions a subject is asked of each dataset, without checks."""
        return self.questions if protocol == PREFERENCE else self.repeats * len(self.conditions)

    def items_of(self, protocol: str) -> int:
        """Return how many items there are of each dataset."""
        if protocol == PREFERENCE:
            return 4 * self.questions if self.pairs is None else self.pairs
        return self.questions_of(protocol) if self.triplets is None else self.triplets

    def consent_text(self) -> str:
        """Return what subjects agree to.

        Raises:
            BadSetting: the file cannot be read, or is no text.
        """
        if self.consent is None:
            return default_consent()
        try:
            data = self.consent.read_bytes()
            text = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise _refusal("a text in UTF-8", str(error), str(self.consent)) from error
        _check(text.strip() != "" and len(data) <= _LARGEST_CONSENT_BYTES, "a text", "none, or too long", "--consent")
        return text

    def record(self) -> dict[str, Any]:
        """Return the options as values for JSON."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}
        return values | {"consent": None if self.consent is None else self.consent.name}


def _check_groups(groups: Sequence[str]) -> None:
    expected = f"one or more different groups of up to {_LONGEST_GROUP} letters that do not begin with = + - or @"
    for group in groups:
        is_plain = group.isprintable() and group.strip() == group and 0 < len(group) <= _LONGEST_GROUP
        _check(is_plain and group[0] not in "=+-@" and group != "all", expected, repr(group), "--group")
    _check(bool(groups), expected, "none", "--group")
    _check_once(groups, "--group")


def _check_once(names: Sequence[str], where: str) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    _check(not repeated, "each of them once", ", ".join(repeated), where)


def _check(holds: bool, expected: str, found: str, where: str) -> None:
    if not holds:
        raise _refusal(expected, found, where)


def _refusal(expected: str, found: str, where: str) -> BadSetting:
    return BadSetting(expected=expected, found=found, where=where, remedy="choose another value")
