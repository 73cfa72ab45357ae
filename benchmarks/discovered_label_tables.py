"""Tables of how well attributes that were found without labels agree with a dataset's labels, where nobody knows more.

That an attribute agrees with no label says nothing against it: labels may not name what the model looks at.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.both_sides_figures import table
from benchmarks.discovered_truth import DriverAgreement, Vocabulary, driver_agreement, f1_scores

SHOWN_LABELS = 12


def agreement_table(vocabularies: Sequence[Vocabulary], labels: Vocabulary, class_n: Sequence[str]) -> str:
    """Return a row a vocabulary: its size, and how well its attributes know labels and classes of test images.

    Args:
        vocabularies: found.
        labels: of the dataset.
        class_n: class or item type of each test image.
    """
    columns = varying(labels)
    heads = ["attributes", "number", "an image has", "images with none, %", "AMI with class", "AMI by label"]
    heads += ["F1 by label", "labels found"]
    rows = []
    for vocabulary in vocabularies:
        agreed = _agreed(vocabulary, labels, columns)
        set_n = np.unique(vocabulary.test_na, axis=0, return_inverse=True)[1].ravel()
        rows.append(
            [
                vocabulary.name,
                str(len(vocabulary.names)),
                f"{vocabulary.test_na.sum(axis=1).mean():.1f}",
                f"{100 * (~vocabulary.test_na.any(axis=1)).mean():.0f}",
                f"{100 * adjusted_mutual_info_score(class_n, set_n):.0f}",
                *(f"{100 * np.mean([getattr(one, what) for one in agreed]):.0f}" for what in ("information", "f1")),
                f"{sum(one.is_found for one in agreed)} of {len(agreed)}",
            ]
        )
    every = np.mean([_f1_of_every_image(labels, column) for column in columns])
    return table(heads, rows) + f"\n\nF1 by label of an attribute that every image has: {100 * every:.0f}."


def best_known_table(vocabularies: Sequence[Vocabulary], labels: Vocabulary) -> str:
    """Return F1 of the labels that any of the vocabularies knows best, by what it is above that of every image."""
    columns = varying(labels)
    agreed = [_agreed(vocabulary, labels, columns) for vocabulary in vocabularies]
    every = [_f1_of_every_image(labels, column) for column in columns]
    gains = [max(one[place].f1 for one in agreed) - every[place] for place in range(len(columns))]
    rows = []
    for place in sorted(range(len(columns)), key=lambda place: -gains[place])[:SHOWN_LABELS]:
        cells = [
            f"**{100 * one[place].f1:.0f}**" if one[place].is_found else f"{100 * one[place].f1:.0f}" for one in agreed
        ]
        rows.append([labels.names[columns[place]], f"{100 * every[place]:.0f}", *cells])
    return table(["label", "every image", *(vocabulary.name for vocabulary in vocabularies)], rows)


def varying(labels: Vocabulary) -> list[int]:
    """Return the columns of the labels that some images of both splits have and some lack."""
    varies_a = np.ones(len(labels.names), dtype=bool)
    for labels_na in (labels.train_na, labels.test_na):
        varies_a &= labels_na.any(axis=0) & ~labels_na.all(axis=0)
    return [int(column) for column in np.flatnonzero(varies_a)]


def _agreed(vocabulary: Vocabulary, labels: Vocabulary, columns: Sequence[int]) -> list[DriverAgreement]:
    return [driver_agreement(vocabulary, labels.train_na[:, a], labels.test_na[:, a]) for a in columns]


def _f1_of_every_image(labels: Vocabulary, column: int) -> float:
    return float(f1_scores(np.ones((len(labels.test_na), 1), bool), labels.test_na[:, [column]])[0, 0])
