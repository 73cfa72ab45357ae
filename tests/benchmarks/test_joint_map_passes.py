"""Maps from both images' passes: what they are made of, sets of masks cut short, stopping, and the tables of a run."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.joint_map_methods import (
    METHODS,
    REFERENCE_CELLS,
    CuttableMasks,
    MaskSubset,
    leading_component,
    low_rank_maps,
    query_maps,
)
from benchmarks.joint_map_pairs import walked_pairs
from benchmarks.joint_map_passes import MaskNumbers, measured_tables, rank_correlation
from benchmarks.joint_map_tables import not_worse, stopped_passes
from pipeline.area_pooling import pool_to_cells
from pipeline.randomness import keyed_rng
from pipeline.saliency.correspondence.components import match_components
from pipeline.saliency.rise.maps import BALANCED_REGRESSION, PAPERS
from pipeline.saliency.rise.masks import draw_masks
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

SIZE = 16
LENGTHS = (40, 80, 160)


def _unit(values_nd: np.ndarray) -> np.ndarray:
    return (values_nd / np.linalg.norm(values_nd, axis=1, keepdims=True)).astype(np.float32)


def _embeddings(masks: CuttableMasks, rows: slice, axis: int, seed: int) -> np.ndarray:
    """Return embeddings along an axis that a region of some rows alone moves, beside noise in all axes."""
    shown_n = masks.draws.render(0, len(masks.draws))[:, rows, :8].mean(dim=(1, 2)).numpy()
    found_nd = 1 + 0.1 * keyed_rng(seed, "noise").normal(size=(len(shown_n), 6))
    found_nd[:, axis] += shown_n
    return _unit(found_nd)


def test_a_set_cut_short_is_a_set_of_its_scheme() -> None:
    papers = CuttableMasks(PAPERS, LENGTHS, 4, SIZE)
    alone = draw_masks(0, 80, 4, 0.5, SIZE)
    assert np.array_equal(papers.first(80).draws.grids_ncc, alone.grids_ncc)
    balanced = CuttableMasks(BALANCED_REGRESSION, LENGTHS, 4, SIZE)
    for length in LENGTHS:
        draws = balanced.first(length).draws
        assert len(draws) == length
        assert np.array_equal(draws.grids_ncc[: length // 2], ~draws.grids_ncc[length // 2 :])
        assert np.array_equal(draws.shifts_n2[: length // 2], draws.shifts_n2[length // 2 :])
    before, newest = balanced.halves(160)
    assert len(before.places_n) == len(newest.places_n) == 80
    assert sorted([*before.places_n, *newest.places_n]) == list(range(160))
    assert np.array_equal(before.places_n, balanced.first(80).places_n)


@pytest.mark.parametrize("scheme", [PAPERS, BALANCED_REGRESSION])
def test_maps_are_what_their_names_say(scheme: str) -> None:
    masks = CuttableMasks(scheme, LENGTHS, 4, SIZE)
    subset = masks.first(160)
    query_nd, reference_nd = (_embeddings(masks, slice(0, 8), 0, seed) for seed in (0, 1))
    reference_d = _unit(np.array([[2.0, 1, 1, 1, 1, 1]]))[0]
    maps = dict(zip(METHODS, query_maps(subset, query_nd, reference_nd, reference_d), strict=True))
    effects_pd = subset.effects(query_nd).reshape(6, -1).T.astype(np.float64)
    cells_vd = pool_to_cells(subset.effects(reference_nd), REFERENCE_CELLS).reshape(6, -1).T
    joint_pv = effects_pd @ cells_vd.T
    summed_p = np.array([sum(max(effect, 0.0) for effect in row) for row in joint_pv])
    np.testing.assert_allclose(maps["joint"].ravel(), summed_p, rtol=1e-6, atol=1e-12)
    leading_p = match_components(joint_pv, 1, "singular").query_ku[0]
    np.testing.assert_allclose(maps["leading component"].ravel(), leading_p, atol=1e-6)
    left_pk, values_k, right_kd = np.linalg.svd(effects_pd, full_matrices=False)
    for rank in (1, 2, 3):
        cut_pd = left_pk[:, :rank] * values_k[:rank] @ right_kd[:rank]
        np.testing.assert_allclose(maps[f"rank {rank}"].ravel(), cut_pd @ reference_d, atol=1e-6)
    assert np.ptp(maps["rank 1"] - maps["rank 3"]) > 1e-4
    # A cell of the region is above what is outside.
    assert maps["joint"][4, 4] > maps["joint"][12, 12]


def test_all_directions_give_the_map_of_rise() -> None:
    masks = CuttableMasks(PAPERS, LENGTHS, 4, SIZE)
    subset = masks.first(80)
    query_nd, reference_d = _embeddings(masks, slice(0, 8), 0, 0), np.ones(6) / np.sqrt(6)
    effects_pd = subset.effects(query_nd).reshape(6, -1).T.astype(np.float64)
    rise_p = subset.rise_map(query_nd, reference_d).ravel()
    np.testing.assert_allclose(low_rank_maps(effects_pd, reference_d, 6)[-1], rise_p, atol=1e-5)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(low_rank_maps(effects_pd, reference_d, 1)[-1], rise_p, atol=1e-5)


def test_the_leading_component_points_up() -> None:
    rng = keyed_rng(0, "directions")
    effects_pd, cells_vd = rng.normal(size=(30, 5)), rng.normal(size=(12, 5))
    found_p = leading_component(effects_pd, cells_vd)
    np.testing.assert_allclose(found_p, match_components(effects_pd @ cells_vd.T, 1, "singular").query_ku[0])
    assert not np.allclose(found_p, leading_component(effects_pd[:, ::-1], cells_vd))


def test_queries_stop_where_their_halves_first_agree() -> None:
    halves = {200: np.array([0.9, 0.2, 0.2, 0.8]), 400: np.array([0.1, 0.8, 0.3, 0.9]), 800: np.full(4, 0.4)}
    assert stopped_passes(halves, 0.7).tolist() == [200, 400, 800, 200]
    assert stopped_passes(halves, 0.85).tolist() == [200, 800, 800, 400]


def test_a_loss_beyond_the_margin_is_told_from_none() -> None:
    base_q = keyed_rng(0, "base").random(50)
    noise_q = 1e-4 * keyed_rng(0, "found").normal(size=50)
    assert not_worse(base_q + noise_q, base_q, larger_is_better=True)[1]
    assert not not_worse(base_q + noise_q - 0.01, base_q, larger_is_better=True)[1]
    assert not_worse(base_q + noise_q - 0.01, base_q, larger_is_better=False)[1]
    assert not not_worse(base_q + noise_q + 0.01, base_q, larger_is_better=False)[1]


def test_pairs_are_walked_along_their_references() -> None:
    queries = [("a", ("x", "c")), ("b", ("a",)), ("c", ("b", "a")), ("d", ("y",))]
    assert walked_pairs(queries) == [("a", "c"), ("c", "b"), ("b", "a"), ("d", "y")]
    # A long walk is cut into stretches, whose order is no longer that of the walk.
    ring = [(str(number), (str((number + 1) % 100),)) for number in range(100)]
    walked = walked_pairs(ring)
    assert sorted(walked) == sorted((query, reference) for query, (reference,) in ring)
    assert sum(first[1] == second[0] for first, second in pairwise(walked)) >= 90
    assert [query for query, _ in walked] != [query for query, _ in ring]


def test_more_masks_agree_better() -> None:
    masks = CuttableMasks(PAPERS, (40, 4000), 4, SIZE)
    query_nd, reference_d = _embeddings(masks, slice(0, 8), 0, 0), np.eye(6)[0]
    many = masks.first(4000)
    exact_hw = many.rise_map(query_nd, reference_d)
    rest = replace(many, places_n=many.places_n[2000:], draws=_part(many, slice(2000, 4000)))
    few_hw = masks.first(40).rise_map(query_nd, reference_d)
    assert rank_correlation(rest.rise_map(query_nd, reference_d), exact_hw) > rank_correlation(few_hw, exact_hw)


def _part(subset: MaskSubset, rows: slice):  # type: ignore[no-untyped-def]
    draws = subset.draws
    return replace(draws, grids_ncc=draws.grids_ncc[rows], shifts_n2=draws.shifts_n2[rows])


def test_the_tables_of_a_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    run = FinishedRun(write_config(tmp_path_factory.mktemp("run")))
    run.run(until="true_effects.test")
    options = {"queries": 4, "exact": 2, "exact_masks": 40, "steps": 4}
    tables = measured_tables(run.settings(), options, MaskNumbers((20, 40), (20, 40), (20,)))
    lines = tables.splitlines()
    assert lines[0].startswith("4 queries with a reference each")
    (head,) = {line for line in lines if line.startswith("| scheme, cells | map |")}
    assert head == "| scheme, cells | map | 20 | 40 |"
    rows = [line for line in lines if line.startswith("| papers, 8 | RISE |")]
    # Insertion, deletion and AUROC against either base, and the agreement; the base has no difference from itself.
    assert len(rows) == 7
    assert rows[0].count("(") == 1
    assert rows[1].count("(") == 0
    assert all(
        f"| {scheme} | {method} |" in tables for scheme in ("papers, 8", "balanced_regression, 6") for method in METHODS
    )
    assert tables.count("| 0.5 | ") == len(METHODS)
