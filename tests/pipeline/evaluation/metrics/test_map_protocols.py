"""Figures of the protocols from columns made by hand: what each generator adds to the blob is known."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import map_protocols as module
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

N_PAIRS = 48
PAIRS = MeasuredPairs([f"p{n}" for n in range(N_PAIRS)], np.arange(N_PAIRS) // 4, Resampling(0, 200))
ADDED = {("rise", "fixed"): 0.2, ("mask", "both"): -0.1, ("centre", "fixed"): 0.0}
# The last eight pairs have no attribute that matters; sensitivity is measured on the first eight.
WITH_BEST = [f"p{n}" for n in range(40)]
NOISY = range(8)
BLOB = np.linspace(0.3, 0.5, N_PAIRS)
OF_PROTOCOLS = ("gini", "faithfulness_correlation", "deletion_imputed", "deletion_blank", "max_sensitivity")
OF_PARTS = ("mass_rank_correlation", "mass_without_effect", "relevance_mass_accuracy", "relevance_rank_accuracy")


def value(key, measure, n):
    """Each measure of a pair is another number, so that none can stand for another."""
    place = (*OF_PROTOCOLS, *OF_PARTS).index(measure)
    return BLOB[n] + (1 + place) * ADDED[key] + place


def columns(key, measures):
    order = np.random.default_rng(len(key[0])).permutation(N_PAIRS).tolist()
    found = {"pair_id": [f"p{n}" for n in order]}
    for measure in measures:
        known = [measure != "max_sensitivity" or n in NOISY for n in order]
        found[measure] = np.array(
            [value(key, measure, n) if is_known else np.nan for n, is_known in zip(order, known, strict=True)]
        )
    return found


def assert_figures(tested=module):
    protocols = {key: columns(key, OF_PROTOCOLS) for key in ADDED}
    parts = {key: columns(key, OF_PARTS) for key in ADDED}
    rows = [*tested.map_protocol_rows(PAIRS, protocols), *tested.map_part_rows(PAIRS, parts, WITH_BEST)]
    found = {(row["table_name"], row["metric"], row["generator"], row["mode"]): row for row in rows}
    # Three compared measures of the one table, four of the other, each for two generators.
    assert len(found) == len(rows) == 3 * 9 + 2 * 7
    for table, measures, n in (("map_protocols", OF_PROTOCOLS, N_PAIRS), ("map_parts", OF_PARTS, 40)):
        for key in ADDED:
            for measure in measures:
                mean = found[(table, measure, *key)]
                counted = len(NOISY) if measure == "max_sensitivity" else n
                expected = np.mean([value(key, measure, pair) for pair in range(counted)])
                assert mean["value"] == pytest.approx(expected)
                assert (mean["n"], mean["n_clusters"]) == (counted, counted // 4)
                assert mean["unit"] == ("correlation" if "correlation" in measure else "share")
                is_compared = measure not in ("gini", "max_sensitivity") and key[0] != "centre"
                assert ((table, f"{measure}_difference", *key) in found) == is_compared
                if is_compared:
                    difference = found[(table, f"{measure}_difference", *key)]
                    place = (*OF_PROTOCOLS, *OF_PARTS).index(measure)
                    assert difference["value"] == pytest.approx((1 + place) * ADDED[key])
                    assert (difference["n"], difference["compared_with"]) == (n, "centre")
                    assert difference["p_value"] < 0.01


def test_figures_and_differences_from_the_blob_are_those_put_in():
    assert_figures()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('pairs.placed(list(columns["pair_id"]), ', 'pairs.placed(sorted(columns["pair_id"]), '),
        ("np.where(counted_p, values_p, np.nan)", "values_p"),
        ("(found[key][name], blob[name])", "(blob[name], found[key][name])"),
        ("if key[0] == CENTRE), None)", 'if key[0] == "mask"), None)'),
        ("_rows(PARTS, pairs, tables, has_best_p)", "_rows(PROTOCOLS, pairs, tables, has_best_p)"),
    ],
    ids=["rows in another order", "pairs without a best", "sign", "another baseline", "another table"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right, wrong):
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises((AssertionError, KeyError)):
        assert_figures(broken)


def assert_switches(tested=module):
    table = {
        "pair_id": ["p0", "p0", "p5", "p8"],
        "other_pair_id": ["p1", "p2", "p6", "p9"],
        "is_right_move": np.array([1.0, 0.5, 0.0, np.nan]),
        "moved_mass": np.array([0.4, 0.0, -0.1, np.nan]),
    }
    nothing = {name: values[:0] for name, values in table.items()}
    rows = tested.target_sensitivity_rows(PAIRS, {("rise", "fixed"): table, ("centre", "fixed"): nothing})
    found = {(row["metric"], row["generator"]): row for row in rows}
    assert found["is_right_move", "rise"]["value"] == pytest.approx(0.5)
    assert found["moved_mass", "rise"]["value"] == pytest.approx(0.1)
    # Comparisons of one query are resampled together.
    assert [found[name, "rise"]["n"] for name in ("is_right_move", "moved_mass")] == [3, 3]
    assert found["moved_mass", "rise"]["n_clusters"] == 2
    assert (found["moved_mass", "centre"]["value"], found["moved_mass", "centre"]["n"]) == (None, 0)


def test_switches_are_counted_by_comparison_and_resampled_by_query():
    assert_switches()


def test_resampling_each_comparison_alone_would_be_noticed(tmp_path: Path):
    right = "pairs.clusters_p[np.array(pairs.rows_of(first), dtype=np.int64)]"
    broken = broken_copy(module, tmp_path, right, "np.arange(len(first))")
    with pytest.raises(AssertionError):
        assert_switches(broken)


def test_without_the_blob_nothing_is_compared():
    rows = module.map_protocol_rows(PAIRS, {("rise", "fixed"): columns(("rise", "fixed"), OF_PROTOCOLS)})
    assert [row["metric"] for row in rows] == list(OF_PROTOCOLS)
