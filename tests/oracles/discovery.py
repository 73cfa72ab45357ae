"""Discovery's vote, crops and assignment with loops, written from the papers (v1 C, ECCV 4) and the stated ties."""

from collections import defaultdict
from fractions import Fraction
from math import floor

import numpy as np


def peak(map_u: np.ndarray, rank_u: np.ndarray) -> int:
    """Return the cell of the largest value, of equal ones that of the lowest rank."""
    best = 0
    for cell in range(1, len(map_u)):
        if map_u[cell] > map_u[best] or (map_u[cell] == map_u[best] and rank_u[cell] < rank_u[best]):
            best = cell
    return best


def vote(maps_ku: np.ndarray, similarity_k: list[float], rank_u: np.ndarray, most: int) -> tuple[list[int], int, int]:
    """Return the kept references, the winning cell of a 7 x 7 grid, and its votes."""
    cells = round(maps_ku.shape[1] ** 0.5)
    voters: dict[int, list[int]] = defaultdict(list)
    for reference, map_u in enumerate(maps_ku):
        row, column = divmod(peak(map_u, rank_u), cells)
        places = [floor((index + Fraction(1, 2)) / cells * 7) for index in (row, column)]
        voters[7 * places[0] + places[1]].append(reference)

    def standing(cell: int) -> tuple[int, float, int]:
        alike = sum(sorted(similarity_k[one] for one in voters[cell]))
        return len(voters[cell]), alike, -cell

    winner = max(voters, key=standing)
    kept = sorted(voters[winner], key=lambda one: (-similarity_k[one], one))[:most]
    return kept, winner, len(voters[winner])


def crop(pixels_hwc: np.ndarray, cell: int, cells: int, side: int) -> np.ndarray:
    """Return float64 (y, x, channel): the square around a cell's centre, inside the image, enlarged bilinearly."""
    size = len(pixels_hwc)
    starts = []
    for index in divmod(cell, cells):
        start = floor((index + Fraction(1, 2)) * size / cells - Fraction(side, 2))
        starts.append(min(max(start, 0), size - side))
    enlarged = np.zeros(pixels_hwc.shape)
    for y in range(size):
        for x in range(size):
            value = np.zeros(pixels_hwc.shape[2])
            for row, row_weight in _neighbours(y, size, side):
                for column, column_weight in _neighbours(x, size, side):
                    value += row_weight * column_weight * pixels_hwc[starts[0] + row, starts[1] + column]
            enlarged[y, x] = value
    return enlarged


def _neighbours(index: int, size: int, side: int) -> list[tuple[int, float]]:
    """Return the two source pixels of a target pixel with half-pixel centres, and their weights."""
    place = (index + 0.5) * side / size - 0.5
    low = floor(place)
    share = place - low
    return [(min(max(low, 0), side - 1), 1 - share), (min(max(low + 1, 0), side - 1), share)]


def assign(vectors_nd: np.ndarray, centres_kd: np.ndarray, radius_k: np.ndarray) -> list[int]:
    """Return the cluster of each vector, -1 for none."""
    found = []
    for vector_d in vectors_nd:
        distances = [
            sum((a - b) ** 2 for a, b in zip(vector_d, centre_d, strict=True)) ** 0.5 for centre_d in centres_kd
        ]
        nearest = min(range(len(distances)), key=lambda cluster: (round(distances[cluster] ** 2, 10), cluster))
        found.append(nearest if distances[nearest] <= radius_k[nearest] + 1e-9 else -1)
    return found


def labels(cluster_n: list[int], image_n: list[int], n_images: int) -> list[set[int]]:
    """Return the clusters of each image."""
    found: list[set[int]] = [set() for _ in range(n_images)]
    for cluster, image in zip(cluster_n, image_n, strict=True):
        if cluster != -1:
            found[image].add(cluster)
    return found
