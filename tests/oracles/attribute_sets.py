"""Slow smallest sets: every subset with its own vector sum and cosine; greedy by the same, one attribute at a time."""

import math
from itertools import combinations

import numpy as np

from tests.oracles.embedding_effect import cosine, shift


def joint_effect(
    query: np.ndarray, reference: np.ndarray, directions_ad: np.ndarray, groups: list[int], members
) -> float:
    moved = np.array(query, dtype=float)
    for attribute in members:
        moved = moved + shift(directions_ad, groups, attribute)
    return cosine(query, reference) - cosine(moved, reference)


def smallest(effect_of, candidates: list[int], share: float) -> tuple[tuple[int, ...], float]:
    """The smallest set that reaches, of equal ones that with the largest effect; empty where nothing falls."""
    if not candidates or effect_of(tuple(candidates)) <= 0:
        return (), math.nan
    needed = share * effect_of(tuple(candidates))
    for size in range(1, len(candidates) + 1):
        best, best_effect = (), -math.inf
        for members in combinations(candidates, size):
            effect = effect_of(members)
            if effect >= needed - 1e-9 and effect > best_effect:
                best, best_effect = members, effect
        if best:
            return best, best_effect
    raise AssertionError("all together reach any share")


def greedy(effect_of, candidates: list[int], share: float) -> tuple[tuple[int, ...], float]:
    if not candidates or effect_of(tuple(candidates)) <= 0:
        return (), math.nan
    needed = share * effect_of(tuple(candidates))
    members: tuple[int, ...] = ()
    while True:
        left = [attribute for attribute in candidates if attribute not in members]
        members = tuple(sorted((*members, max(left, key=lambda a: effect_of((*members, a))))))
        if effect_of(members) >= needed - 1e-9:
            return members, effect_of(members)
