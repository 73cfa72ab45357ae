"""The type-aware model's loss and measures, one triplet, question and outfit at a time (Vasileva et al., 2018)."""

from itertools import combinations

import numpy as np


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.sqrt((vector**2).sum())


def projection(embedding: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the unit vector of embedding times mask."""
    return unit(np.array([value * factor for value, factor in zip(embedding, mask, strict=True)]))


def squared_distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(((one - other) ** 2).sum())


def hinge(near: float, far: float, margin: float) -> float:
    return max(0.0, near - far + margin)


def loss(
    general_bd: np.ndarray,
    masks_cd: np.ndarray,
    triplets: list[tuple[int, int, int, int]],
    types_b: list[int],
    margin: float,
    general_weight: float,
    mask_weight: float,
    norm_weight: float,
) -> float:
    """Return the loss of triplets (anchor, positive, negative, condition) of rows whose types are `types_b`."""
    compatibility, similarity, mask_norms = [], [], []
    for anchor, positive, negative, condition in triplets:
        mask = masks_cd[condition]
        near = squared_distance(projection(general_bd[anchor], mask), projection(general_bd[positive], mask))
        far = squared_distance(projection(general_bd[anchor], mask), projection(general_bd[negative], mask))
        compatibility.append(hinge(near, far, margin))
        mask_norms.append(sum(abs(float(value)) for value in mask))
        if types_b[anchor] != types_b[positive]:
            i, j, k = (unit(general_bd[row]) for row in (anchor, positive, negative))
            first = hinge(squared_distance(j, k), squared_distance(j, i), margin)
            second = hinge(squared_distance(k, j), squared_distance(k, i), margin)
            similarity.append(first + second)
    embedding_norm = np.sqrt(np.mean([(row**2).sum() for row in general_bd]))
    total = np.mean(compatibility) + mask_weight * np.mean(mask_norms) + norm_weight * embedding_norm
    return float(total + general_weight * (np.mean(similarity) if similarity else 0.0))


def possible_triplets(
    images_b: list[int], outfits_b: list[int], types_n: list[str], outfits: list[list[int]]
) -> set[tuple[int, int, int]]:
    """Return every (anchor, positive, negative) of rows that a step may draw."""
    together = {(one, other) for outfit in outfits for one in outfit for other in outfit}
    rows = range(len(images_b))
    return {
        (a, p, n)
        for a in rows
        for p in rows
        for n in rows
        if outfits_b[a] == outfits_b[p]
        and images_b[a] != images_b[p]
        and types_n[images_b[n]] == types_n[images_b[p]]
        and images_b[n] != images_b[a]
        and (images_b[a], images_b[n]) not in together
    }


def score(
    embeddings_nd: np.ndarray, types_n: list[str], masks: dict[tuple[str, str], np.ndarray] | None, one: int, other: int
) -> float:
    """Return the cosine of two images under the mask of their types, or without one."""
    if masks is None:
        return float(unit(embeddings_nd[one]) @ unit(embeddings_nd[other]))
    pair = (types_n[one], types_n[other])
    mask = masks.get(pair, masks.get(pair[::-1], np.ones(embeddings_nd.shape[1])))
    return float(projection(embeddings_nd[one], mask) @ projection(embeddings_nd[other], mask))


def outfit_score(
    embeddings_nd: np.ndarray, types_n: list[str], masks: dict[tuple[str, str], np.ndarray] | None, items: list[int]
) -> float:
    return float(np.mean([score(embeddings_nd, types_n, masks, *pair) for pair in combinations(items, 2)]))


def choice_scores(
    embeddings_nd: np.ndarray,
    types_n: list[str],
    masks: dict[tuple[str, str], np.ndarray] | None,
    shown: list[int],
    choices: list[int],
) -> list[float]:
    return [
        float(np.mean([score(embeddings_nd, types_n, masks, choice, item) for item in shown])) for choice in choices
    ]


def area_under_curve(real: list[float], replaced: list[float]) -> float:
    """Return the share of all combinations in which the real one is larger; equal ones count one half."""
    wins = [1.0 if one > other else 0.5 if one == other else 0.0 for one in real for other in replaced]
    return float(np.mean(wins))
