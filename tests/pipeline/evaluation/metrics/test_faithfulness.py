"""Table 1 and its comparisons from columns made by hand: the truth is known, one generator has fewer pairs."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import faithfulness as module
from pipeline.evaluation.metrics.faithfulness import MEASURES
from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

N_PAIRS = 80
PAIRS = MeasuredPairs([f"p{n}" for n in range(N_PAIRS)], np.arange(N_PAIRS) // 4, Resampling(0, 500))
GENERATOR_MODES = [("rise", "fixed"), ("rise", "both"), ("mask", "fixed"), ("random", "fixed"), ("centre", "fixed")]
SUPERVISION = ("rise", "fixed")
# What each adds to how easy a pair is; the mask has maps of the last 20 pairs only, five whole queries.
ADDED = {"rise fixed": 0.10, "rise both": 0.10, "mask fixed": 0.15, "random fixed": -0.05, "centre fixed": 0.0}
MASKED_PAIRS = range(60, 80)
NOT_ANCHORED = (0, 61)
EASE = np.linspace(0.2, 0.8, N_PAIRS)


def columns(generator: str, mode: str) -> Columns:
    added = ADDED[f"{generator} {mode}"]
    # Each in an order of its own: values must find their pairs by id.
    n = np.random.default_rng(len(mode)).permutation(MASKED_PAIRS if generator == "mask" else range(N_PAIRS))
    anchored = np.where(np.isin(n, NOT_ANCHORED), np.nan, EASE[n] + 2 * added)
    return {
        "pair_id": [f"p{number}" for number in n],
        "insertion_auc": EASE[n] + added,
        "deletion_auc": EASE[n] - added,
        "insertion_auc_anchored": anchored,
        "deletion_auc_anchored": -anchored,
        "insertion_is_flat": n == 60,
        "deletion_is_flat": n >= 78,
        "map_change": np.where(n % 4 == 3, np.nan, 0.25 + added),
    }


TABLES = {(generator, mode): columns(generator, mode) for generator, mode in GENERATOR_MODES}


def rows_of(tested=module) -> dict[tuple[str, str, str, str | None], dict]:
    rows = tested.faithfulness_rows(PAIRS, TABLES, SUPERVISION)
    found = {(row["metric"], row["generator"], row["mode"], row.get("compared_with")): row for row in rows}
    assert len(found) == len(rows)
    return found


def assert_table_1(tested=module) -> None:
    found = rows_of(tested)
    for generator, mode in GENERATOR_MODES:
        pairs = list(MASKED_PAIRS) if generator == "mask" else list(range(N_PAIRS))
        added = ADDED[f"{generator} {mode}"]
        figures = {metric: found[metric, generator, mode, None] for metric in (*MEASURES, "map_change_with_reference")}
        assert figures["insertion_auc"]["value"] == pytest.approx(EASE[pairs].mean() + added)
        assert figures["deletion_auc"]["value"] == pytest.approx(EASE[pairs].mean() - added)
        assert figures["insertion_auc"]["n"] == len(pairs)
        anchored = [n for n in pairs if n not in NOT_ANCHORED]
        assert figures["insertion_auc_anchored"]["value"] == pytest.approx(EASE[anchored].mean() + 2 * added)
        assert figures["insertion_auc_anchored"]["n"] == len(anchored)
        assert figures["map_change_with_reference"]["value"] == pytest.approx(0.25 + added)
        assert figures["map_change_with_reference"]["n"] == len(pairs) * 3 // 4
        left_out = found["left_out_anchored", generator, mode, None]
        assert (left_out["value"], left_out["n"]) == (len(pairs) - len(anchored), len(pairs))
        flat = found["flat_curves", generator, mode, None]
        assert (flat["value"], flat["n"]) == (3, 2 * len(pairs))


def test_each_generator_and_mode_has_its_figures() -> None:
    assert_table_1()


def assert_comparisons(tested=module) -> None:
    found = {key: row for key, row in rows_of(tested).items() if key[3] is not None}
    assert {row["table_name"] for row in found.values()} == {"saliency_faithfulness_comparison"}
    compared = {(key[1], key[2], key[3]) for key in found}
    against_centre = {("rise", "fixed"), ("rise", "both"), ("mask", "fixed"), ("random", "fixed")}
    against_rise = {("rise", "both"), ("mask", "fixed"), ("random", "fixed")}
    # No baseline against itself, and the two baselines against each other once.
    assert compared == {(*one, "centre") for one in against_centre} | {(*one, "rise") for one in against_rise}
    for generator, mode, baseline in compared:
        difference = ADDED[f"{generator} {mode}"] - ADDED[f"{baseline} fixed"]
        n = len(MASKED_PAIRS) if generator == "mask" else N_PAIRS
        left_out = 1 if generator == "mask" else 2
        for metric, value, pairs in (
            ("insertion_difference", difference, n),
            ("deletion_difference", -difference, n),
            ("insertion_difference_anchored", 2 * difference, n - left_out),
            ("deletion_difference_anchored", -2 * difference, n - left_out),
        ):
            row = found[metric, generator, mode, baseline]
            assert row["value"] == pytest.approx(value, abs=1e-9), (metric, generator, mode, baseline)
            assert (row["n"], row["unit"]) == (pairs, "share")
            # 28 comparisons, each with 7 000 resamples: the least corrected p-value is just under 0.004.
            assert row["p_value"] == pytest.approx(1.0 if value == 0 else 28 / 7001)


def test_comparisons_are_paired_and_corrected_over_the_table() -> None:
    assert_comparisons()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("(pair_ids, columns[measure])", "(sorted(pair_ids), columns[measure])", assert_comparisons),
        ("in FLAT_CURVES)", "in FLAT_CURVES[:1])", assert_table_1),
        ("if key != baseline and", "if key[0] != baseline[0] and", assert_comparisons),
        ("measured[baseline].values[measure])", 'measured[baseline].values["insertion_auc"])', assert_comparisons),
        ("len(pair_ids) - int(", "len(pairs.pair_ids) - int(", assert_table_1),
    ],
    ids=[
        "rows in the pairs' order",
        "one kind of flat curve",
        "no modes",
        "one measure for all",
        "missing maps left out",
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str, noticed_by) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        noticed_by(broken)


def test_without_controls_nothing_is_compared_with_them() -> None:
    rise = {key: one for key, one in TABLES.items() if key[0] == "rise"}
    rows = module.faithfulness_rows(PAIRS, rise, SUPERVISION)
    assert {row.get("compared_with") for row in rows} == {None, "rise"}
    alone = module.faithfulness_rows(PAIRS, {SUPERVISION: TABLES[SUPERVISION]}, SUPERVISION)
    assert {row["table_name"] for row in alone} == {"saliency_faithfulness"}


def test_tables_that_know_no_change_of_maps_have_no_figure_of_it() -> None:
    known = dict(TABLES[SUPERVISION])
    del known["map_change"]
    metrics = [row["metric"] for row in module.faithfulness_rows(PAIRS, {SUPERVISION: known}, SUPERVISION)]
    assert metrics == [*MEASURES, "left_out_anchored", "flat_curves"]
