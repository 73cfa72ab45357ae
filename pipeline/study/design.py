"""The design of a study: what each question is, which the answers alone do not say. It is kept apart from the pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import BadDataset

SCHEMA_VERSION: Final = 1
# (a) which attribute explains the match better; (b) which of two matches the model scores higher.
PREFERENCE: Final = "preference"
PREDICTION: Final = "prediction"
PROTOCOLS: Final = (PREFERENCE, PREDICTION)
LEFT: Final = "left"
RIGHT: Final = "right"
SIDES: Final = (LEFT, RIGHT)
_WARNING: Final = "The key to the answers. Do not publish this file: only the folder pages is for subjects."


@dataclass(frozen=True)
class Question:
    """What is behind a question.

    Attributes:
        dataset: place in the design's list of datasets.
        item: pair id, or the ids of the better and the worse pair with a bar between them.
        condition: how it is shown; of protocol `preference` the source whose attribute stands against the random one;
            empty of a check.
        target: side of the option that counts: the source's attribute, or the match that the model scores higher.
        is_check: an attention check, whose target an attentive subject chooses; not analysed.
    """

    dataset: int
    item: str
    condition: str
    target: str
    is_check: bool = False


@dataclass(frozen=True)
class StudiedDataset:
    """A dataset of a study.

    Attributes:
        name: as tables call it.
        kind: `dataset.kind` of its configuration.
        items: pairs or triplets in the pool.
        left_out: test pairs that could not be asked about.
    """

    name: str
    kind: str
    items: int
    left_out: int


@dataclass(frozen=True)
class StudyDesign:
    """One protocol of a study.

    Attributes:
        study: 16 hexadecimal digits that every answer carries.
        protocol: `preference` or `prediction`.
        seed: of the draws.
        groups: that subjects choose from.
        conditions: as they were asked for; tables have `nothing` first, the others by name.
        datasets: in the order of tables.
        questions: by id.
        forms: ids of the questions of each form, in the order in which they are shown.
        made: what made it, for the record.
    """

    study: str
    protocol: str
    seed: int
    groups: tuple[str, ...]
    conditions: tuple[str, ...]
    datasets: tuple[StudiedDataset, ...]
    questions: Mapping[str, Question]
    forms: tuple[tuple[str, ...], ...]
    made: Mapping[str, Any]


def design_values(designs: tuple[StudyDesign, ...]) -> dict[str, Any]:
    """Return the designs of one folder as values for JSON."""
    studies = [
        {
            **vars(design),
            "datasets": [vars(dataset) for dataset in design.datasets],
            "questions": {name: vars(question) for name, question in sorted(design.questions.items())},
        }
        for design in designs
    ]
    return {"warning": _WARNING, "schema_version": SCHEMA_VERSION, "studies": studies}


def designs_of(values: Any, where: str) -> tuple[StudyDesign, ...]:
    """Return the designs that a file holds.

    Args:
        values: as `design_values` returns them, after JSON.
        where: the file, for errors.

    Raises:
        BadDataset: they are no designs, or of another version.
    """
    try:
        if values["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {values['schema_version']!r}")
        return tuple(_design_of(study) for study in values["studies"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDataset(
            expected=f"the design of a study, schema_version {SCHEMA_VERSION}",
            found=f"{type(error).__name__}: {error}",
            where=where,
            remedy="name the design.json that `sane study make` wrote with the pages",
        ) from error


def _design_of(values: dict[str, Any]) -> StudyDesign:
    datasets = tuple(StudiedDataset(**dataset) for dataset in values["datasets"])
    questions = {str(name): Question(**question) for name, question in values["questions"].items()}
    forms = tuple(tuple(form) for form in values["forms"])
    unknown = {name for form in forms for name in form} - set(questions)
    if values["protocol"] not in PROTOCOLS or unknown:
        raise ValueError(f"protocol {values['protocol']!r}, {len(unknown)} unknown questions on forms")
    for question in questions.values():
        if question.target not in SIDES or not 0 <= question.dataset < len(datasets):
            raise ValueError(f"question {question}")
    sequences = {name: tuple(values[name]) for name in ("groups", "conditions")}
    return StudyDesign(
        str(values["study"]),
        values["protocol"],
        int(values["seed"]),
        sequences["groups"],
        sequences["conditions"],
        datasets,
        questions,
        forms,
        dict(values["made"]),
    )
