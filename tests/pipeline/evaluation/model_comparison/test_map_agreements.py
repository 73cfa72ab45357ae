"""Agreement of two models' maps, beside that of maps that explain something else."""

import numpy as np
import pytest

from pipeline.area_pooling import pool_to_cells
from pipeline.evaluation.model_comparison.maps import map_agreements

QUERIES = ["a", "a", "b", "c"]


def maps(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(4, 28, 28)).astype(np.float32)


def test_a_model_agrees_with_itself_and_not_with_another() -> None:
    agreement_p, others_p = map_agreements(maps(0), maps(0), QUERIES)
    assert agreement_p == pytest.approx(np.ones(4))
    assert np.abs(others_p).max() < 0.3
    assert np.abs(map_agreements(maps(0), maps(1), QUERIES)[0]).max() < 0.3
    assert map_agreements(maps(0), -maps(0), QUERIES)[0] == pytest.approx(-np.ones(4))


def test_maps_of_the_same_query_are_not_among_the_others() -> None:
    first_phw = maps(0)
    first_phw[1] = first_phw[0]
    others_p = map_agreements(first_phw, first_phw, QUERIES)[1]
    assert others_p[0] < 0.3
    # With queries of their own the two equal maps would count.
    assert map_agreements(first_phw, first_phw, ["a", "b", "c", "d"])[1][0] > 0.3
    assert np.isnan(map_agreements(first_phw, first_phw, ["a"] * 4)[1]).all()


def test_resolutions_may_differ() -> None:
    coarse_phw = pool_to_cells(maps(0), 14)
    assert map_agreements(maps(0), coarse_phw, QUERIES)[0] == pytest.approx(np.ones(4), abs=1e-6)
