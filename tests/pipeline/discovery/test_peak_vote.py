"""The vote over peaks against loops, with copies that must fail; ties and the order of references."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.discovery.peak_vote import VOTE_CELLS, Vote, peak_cells, tie_order, vote, vote_cells
from tests.oracles import discovery as oracle

CELLS = 10
RANK = tie_order(CELLS, 0)


def maps(seed: int, count: int = 9, levels: int = 0) -> np.ndarray:
    """Maps whose peaks crowd in two places, so that votes differ; few levels make many ties."""
    rng = np.random.default_rng(seed)
    found = rng.standard_normal((count, CELLS**2))
    for number in range(count):
        found[number, int(rng.choice([11, 12, 87, 88, int(rng.integers(CELLS**2))]))] += 4
    return np.round(found * levels) if levels else found


def similarities(seed: int, count: int = 9) -> np.ndarray:
    return np.round(np.random.default_rng(100 + seed).uniform(0, 1, count), 1)


def found_vote(maps_ku: np.ndarray, similarity_k: np.ndarray, most: int) -> Vote:
    return vote(vote_cells(peak_cells(maps_ku, RANK), CELLS), similarity_k, most)


def without_vote(maps_ku: np.ndarray, similarity_k: np.ndarray, most: int) -> Vote:
    whole = found_vote(maps_ku, similarity_k, most)
    return Vote(np.argsort(-similarity_k, kind="stable")[:most], whole.cell, whole.votes)


def by_corners(maps_ku: np.ndarray, similarity_k: np.ndarray, most: int) -> Vote:
    """Counts a cell where its upper left corner lies."""
    y_k, x_k = np.divmod(peak_cells(maps_ku, RANK), CELLS)
    return vote(y_k * VOTE_CELLS // CELLS * VOTE_CELLS + x_k * VOTE_CELLS // CELLS, similarity_k, most)


def least_alike_first(maps_ku: np.ndarray, similarity_k: np.ndarray, most: int) -> Vote:
    whole = found_vote(maps_ku, similarity_k, len(similarity_k))
    return Vote(whole.kept_n[::-1][:most], whole.cell, whole.votes)


def first_tied_peak(maps_ku: np.ndarray, similarity_k: np.ndarray, most: int) -> Vote:
    return vote(vote_cells(maps_ku.argmax(axis=1), CELLS), similarity_k, most)


def first_tied_cell(maps_ku: np.ndarray, similarity_k: np.ndarray, most: int) -> Vote:
    cell_k = vote_cells(peak_cells(maps_ku, RANK), CELLS)
    return vote(cell_k, np.zeros(len(cell_k)), most)


def disagreements(way: Callable[[np.ndarray, np.ndarray, int], Vote], levels: int = 0) -> int:
    """Return in how many of fifty cases a way differs from the oracle."""
    count = 0
    for seed in range(50):
        maps_ku, similarity_k = maps(seed, levels=levels), similarities(seed)
        got = way(maps_ku, similarity_k, 3)
        wanted = oracle.vote(maps_ku, similarity_k.tolist(), RANK, 3)
        count += (got.kept_n.tolist(), got.cell, got.votes) != wanted
    return count


@pytest.mark.parametrize("levels", [0, 1])
def test_votes_are_the_oracles(levels: int) -> None:
    assert disagreements(found_vote, levels) == 0


@pytest.mark.parametrize("broken", [without_vote, by_corners, least_alike_first, first_tied_cell])
def test_broken_copies_are_noticed(broken: Callable[[np.ndarray, np.ndarray, int], Vote]) -> None:
    assert disagreements(broken) > 0


def test_taking_the_first_of_equal_peaks_is_noticed() -> None:
    assert disagreements(first_tied_peak, levels=1) > 0


@given(st.integers(0, 10_000), st.permutations(range(9)))
def test_the_order_of_references_does_not_count(seed: int, order: list[int]) -> None:
    maps_ku = maps(seed, levels=1)
    similarity_k = np.random.default_rng(seed).permutation(9) / 10.0
    one, other = found_vote(maps_ku, similarity_k, 4), found_vote(maps_ku[order], similarity_k[order], 4)
    assert [order[slot] for slot in other.kept_n] == one.kept_n.tolist()
    assert (one.cell, one.votes) == (other.cell, other.votes)


@given(st.integers(1, 40))
def test_every_cell_has_its_place_on_the_grid_of_the_vote(cells: int) -> None:
    places = vote_cells(np.arange(cells**2), cells)
    assert places.min() >= 0
    assert places.max() < VOTE_CELLS**2
    rows = places.reshape(cells, cells)[:, 0] // VOTE_CELLS
    assert (np.diff(rows) >= 0).all()


def test_flat_maps_peak_anywhere_by_seed() -> None:
    flat = np.zeros((1, CELLS**2))
    peaks = {int(peak_cells(flat, tie_order(CELLS, seed))[0]) for seed in range(30)}
    assert len(peaks) > 15
