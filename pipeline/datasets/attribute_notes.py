"""Attributes that the training images cannot tell apart: absent, on every image, or just like another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.datasets.records import DatasetIndex
from pipeline.errors import BadDataset

ABSENT, CONSTANT, IDENTICAL = "absent", "constant", "identical"


@dataclass(frozen=True)
class AttributeNote:
    """Why nothing, or nothing of its own, can be learnt of an attribute.

    Attributes:
        attribute: its name.
        note: "absent" (no training image has it), "constant" (all have it) or "identical".
        same_as: for "identical", the first attribute of the vocabulary that the same training images have.
    """

    attribute: str
    note: str
    same_as: str | None = None


def attribute_notes(index: DatasetIndex) -> tuple[AttributeNote, ...]:
    """Return the notes on a dataset's attributes, in vocabulary order; none where all are distinct and vary.

    Such attributes are no error: class-level labels of few classes are full of them.

    Raises:
        BadDataset: no attribute varies over the training images, so that nothing can be learnt at all.
    """
    column = {name: position for position, name in enumerate(index.attribute_names)}
    train = [record for record in index.records if record.split == "train"]
    labels_an = np.zeros((len(index.attribute_names), len(train)), dtype=np.bool_)
    for row, record in enumerate(train):
        labels_an[[column[name] for name in record.attributes], row] = True
    notes = []
    first_with: dict[bytes, str] = {}
    for name, labels_n in zip(index.attribute_names, labels_an, strict=True):
        n_present = int(labels_n.sum())
        if n_present in (0, len(train)):
            notes.append(AttributeNote(name, CONSTANT if n_present else ABSENT))
            continue
        same_as = first_with.setdefault(np.packbits(labels_n).tobytes(), name)
        if same_as != name:
            notes.append(AttributeNote(name, IDENTICAL, same_as))
    if not first_with:
        raise BadDataset(
            expected="at least one attribute that some training images have and others lack",
            found=f"{len(index.attribute_names)} attributes, each on all or on none of {len(train)} training images",
            where=f"the training split of {index.root or index.name}",
            remedy="label attributes that differ between images",
        )
    return tuple(notes)


def joined_by_commas(names: Sequence[str]) -> str | None:
    """Return an attribute that looks like several, where most do: a list whose separator is a comma; else None."""
    with_commas = [name for name in names if "," in name]
    return with_commas[0] if 2 * len(with_commas) > len(names) else None


def summary_of_notes(notes: Sequence[AttributeNote]) -> str:
    """Return one line that counts the notes of each kind and names the first few attributes."""
    kinds = {
        ABSENT: "on no training image",
        CONSTANT: "on every training image",
        IDENTICAL: "identical to another on the training images",
    }
    texts = []
    for kind, words in kinds.items():
        names = [note.attribute for note in notes if note.note == kind]
        if names:
            texts.append(f"{len(names)} {words} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})")
    return "; ".join(texts)
