"""Localisation's figures from columns made by hand: what each generator adds to the blob is known, also by area."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import localisation as module
from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

N_PAIRS = 84
PAIRS = MeasuredPairs([f"p{n}" for n in range(N_PAIRS)], np.arange(N_PAIRS) // 4, Resampling(0, 500))
# The last 12 have no scored region, the 12 before them no best attribute; the 60 others are 20 small, 20 medium and 20
# large ones, in turns.
SCORED = range(60)
WITHOUT_BEST = range(60, 72)
AREA = {n: 0.05 + 0.15 * (n % 3) + n / 10_000 if n < WITHOUT_BEST.stop else 0.6 for n in range(N_PAIRS)}
# By area what is added to the blob's AUROC; of the mask's maps there are those of ten queries only.
ADDED = {"rise": (0.2, 0.1, -0.1), "mask": (0.3, 0.3, 0.3), "random": (0.0, 0.0, 0.0), "centre": (0.0, 0.0, 0.0)}
MASKED_PAIRS = range(40, 80)
GENERATOR_MODES = [("rise", "fixed"), ("mask", "both"), ("random", "fixed"), ("centre", "fixed")]
BLOB = np.linspace(0.4, 0.6, N_PAIRS)
THIRDS = ("small", "medium", "large")


def hits(generator: str, n: int) -> float:
    """The mask's peaks always lie in the region, the others' in that of every other pair."""
    return 1.0 if generator == "mask" else float(n % 2)


def columns(generator: str) -> Columns:
    # Each in an order of its own: values must find their pairs by id.
    order = np.random.default_rng(len(generator)).permutation(MASKED_PAIRS if generator == "mask" else range(N_PAIRS))
    ids = order.tolist()
    return {
        "pair_id": [f"p{n}" for n in ids],
        "auroc": np.array([_auroc(generator, n) for n in ids]),
        "pointing_hit": np.array([hits(generator, n) if n < WITHOUT_BEST.stop else np.nan for n in ids]),
        "region_share": np.array([AREA[n] for n in ids]),
    }


def _auroc(generator: str, n: int) -> float:
    if n in WITHOUT_BEST:
        return 0.99
    return BLOB[n] + ADDED[generator][n % 3] if n in SCORED else np.nan


TABLES = {(generator, mode): columns(generator) for generator, mode in GENERATOR_MODES}
WITH_BEST = [f"p{n}" for n in range(N_PAIRS) if n not in WITHOUT_BEST]


def assert_figures(tested=module) -> None:
    rows = tested.localisation_rows(PAIRS, TABLES, WITH_BEST)
    found = {(row["metric"], row["generator"], row["mode"]): row for row in rows}
    assert len(found) == len(rows) == 4 * 3 + 3 * 8
    assert {row["table_name"] for row in rows} == {"map_localisation"}
    for generator, mode in GENERATOR_MODES:
        pairs = list(MASKED_PAIRS) if generator == "mask" else list(range(N_PAIRS))
        scored = [n for n in pairs if n in SCORED]
        auroc, hit, left_out = (found[name, generator, mode] for name in ("auroc", "pointing_hit", "left_out"))
        assert auroc["value"] == pytest.approx(np.mean([BLOB[n] + ADDED[generator][n % 3] for n in scored]))
        assert hit["value"] == pytest.approx(np.mean([hits(generator, n) for n in scored]))
        assert auroc["n"] == hit["n"] == len(scored)
        assert auroc["n_clusters"] == len({n // 4 for n in scored})
        assert (left_out["value"], left_out["n"]) == (len(pairs) - len(scored), len(pairs))
        if generator == "centre":
            continue
        thirds = {f"_{name}_regions": [n for n in scored if n % 3 == third] for third, name in enumerate(THIRDS)}
        for ending, chosen in {"": scored, **thirds}.items():
            difference = found[f"auroc_difference{ending}", generator, mode]
            pointing = found[f"pointing_hit_difference{ending}", generator, mode]
            assert difference["value"] == pytest.approx(np.mean([ADDED[generator][n % 3] for n in chosen]), abs=1e-9)
            assert pointing["value"] == pytest.approx(np.mean([hits(generator, n) - n % 2 for n in chosen]))
            assert difference["n"] == pointing["n"] == len(chosen)
            assert difference["compared_with"] == "centre"
    # 24 comparisons, each with 6 000 resamples; the smallest p-value there can be, times 24.
    assert found["auroc_difference_small_regions", "rise", "fixed"]["p_value"] == pytest.approx(24 / 6001)
    assert found["auroc_difference_large_regions", "rise", "fixed"]["value"] < 0
    # What scores as the blob does differs from it in nothing.
    same = [row for key, row in found.items() if key[1] == "random" and "difference" in key[0]]
    assert all((row["value"], row["p_value"]) == (0, 1) for row in same)


def test_figures_and_differences_from_the_blob_are_those_put_in() -> None:
    assert_figures()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("pairs.placed(pair_ids, columns[name])", "pairs.placed(sorted(pair_ids), columns[name])"),
        ("np.where(has_best_p, pairs.placed", "np.where(True, pairs.placed"),
        ("tercile_p == part for", "tercile_p == 2 - part for"),
        ("len(pair_ids) - int(", "len(pairs.pair_ids) - int("),
        ("blob.values[measure])", 'blob.values["auroc"])'),
        ("if key[0] == CENTRE)", 'if key[0] == "rise")'),
    ],
    ids=[
        "rows in the pairs' order",
        "pairs without a best",
        "large is small",
        "missing maps left out",
        "one measure for all",
        "another baseline",
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_figures(broken)


def test_without_the_blob_nothing_is_compared() -> None:
    rows = module.localisation_rows(PAIRS, {("rise", "fixed"): columns("rise")}, WITH_BEST)
    assert [row["metric"] for row in rows] == ["auroc", "pointing_hit", "left_out"]
