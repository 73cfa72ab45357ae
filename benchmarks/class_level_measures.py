"""What removing an attribute, or a group of them, really does to scores of pairs of photographs: matched and removal.

Plain loops over pairs, for a thousand pairs and some hundred images.
"""

from dataclasses import dataclass

import numpy as np

REPLACEMENTS = 5


@dataclass(frozen=True)
class ExplainedImages:
    """Images of the evaluation, and the pairs that are explained.

    Attributes:
        embeddings_nd: (image, dimension), unit norm.
        labels_na: bool (image, attribute).
        logits_na: (image, attribute), of the classifier.
        classes_n: name of each image's class.
        duplicates_n: number shared by images with equal pixels.
        query_p: (pair,) rows.
        reference_p: (pair,) rows.
    """

    embeddings_nd: np.ndarray
    labels_na: np.ndarray
    logits_na: np.ndarray
    classes_n: np.ndarray
    duplicates_n: np.ndarray
    query_p: np.ndarray
    reference_p: np.ndarray


@dataclass(frozen=True)
class Drops:
    """Drops of the score, (pair, attribute) float64: 0 where the query lacks the attribute, NaN where undefined.

    Attributes:
        matched_pa: mean over the images nearest in attribute space that lack the attribute, minus the same over images
            as far from the query that keep it.
        removal_pa: the most similar image that lacks it in the query's place.
    """

    matched_pa: np.ndarray
    removal_pa: np.ndarray


def measured_drops(images: ExplainedImages, has_na: np.ndarray, coordinates_na: np.ndarray) -> Drops:
    """Return the drops for what `has_na` says that images have.

    Args:
        images: the images and pairs.
        has_na: bool (image, attribute or group).
        coordinates_na: (image, attribute or group), standardised; distances leave out the one that is removed.
    """
    embeddings = images.embeddings_nd.astype(np.float64)
    matched_pa = np.where(has_na[images.query_p], np.nan, 0.0)
    removal_pa = matched_pa.copy()
    for pair, (query, reference) in enumerate(zip(images.query_p, images.reference_p, strict=True)):
        allowed_n = ~np.isin(images.duplicates_n, images.duplicates_n[[query, reference]])
        score_n = embeddings @ embeddings[reference]
        distance_n = np.linalg.norm(embeddings - embeddings[query], axis=1)
        squares_na = (coordinates_na - coordinates_na[query]) ** 2
        for attribute in np.flatnonzero(has_na[query]):
            lacking = np.flatnonzero(allowed_n & ~has_na[:, attribute])
            keeping = np.flatnonzero(allowed_n & has_na[:, attribute])
            if not len(lacking):
                continue
            nearest = lacking[np.argsort(distance_n[lacking], kind="stable")[0]]
            removal_pa[pair, attribute] = score_n[query] - score_n[nearest]
            if len(keeping):
                apart_n = squares_na[lacking].sum(axis=1) - squares_na[lacking, attribute]
                chosen = lacking[np.argsort(apart_n, kind="stable")[:REPLACEMENTS]]
                kept, chosen = _as_far(distance_n, chosen, keeping)
                matched_pa[pair, attribute] = (score_n[kept] - score_n[chosen]).mean()
    return Drops(matched_pa, removal_pa)


def _as_far(distance_n: np.ndarray, chosen: np.ndarray, keeping: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each chosen image one that keeps the attribute and is as far away, none twice, while there are any."""
    left = list(keeping)
    kept = []
    for image in chosen[: len(left)]:
        gaps = np.abs(distance_n[left] - distance_n[image])
        kept.append(left.pop(int(gaps.argmin())))
    return np.array(kept), chosen[: len(kept)]


def standardised(values_na: np.ndarray) -> np.ndarray:
    """Return columns of mean 0 and deviation 1; 0 where constant."""
    deviation_a = values_na.std(axis=0)
    return np.asarray((values_na - values_na.mean(axis=0)) / np.where(deviation_a > 0, deviation_a, np.inf))
