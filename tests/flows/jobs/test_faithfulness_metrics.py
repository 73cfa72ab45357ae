"""Table 1 and its comparisons from tables made by hand: the truth is known, one generator has fewer pairs."""

from pathlib import Path

import numpy as np
import pytest
from flows.jobs.faithfulness_metrics import MEASURES

from flows.engine.upstream import Upstream
from flows.jobs import faithfulness_metrics
from stores.artifacts import ArtifactStore
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy

N_PAIRS = 80
PAIRS = [
    {"pair_id": f"p{n}", "split": "test", "query": f"q{n // 4}", "reference": f"r{n}", "is_match": True}
    for n in range(N_PAIRS)
]
GENERATOR_MODES = [["rise", "fixed"], ["rise", "both"], ["mask", "fixed"], ["random", "fixed"], ["centre", "fixed"]]
SETTINGS = {"generator_modes": GENERATOR_MODES, "supervision": ["rise", "fixed"]}
OPTIONS = {"seed": 0, "samples": 500}
# What each adds to how easy a pair is; the mask has maps of the last 20 pairs only, five whole queries.
ADDED = {"rise fixed": 0.10, "rise both": 0.10, "mask fixed": 0.15, "random fixed": -0.05, "centre fixed": 0.0}
MASKED_PAIRS = range(60, 80)
NOT_ANCHORED = (0, 61)
EASE = np.linspace(0.2, 0.8, N_PAIRS)


def faithfulness_rows(generator: str, mode: str) -> list[dict[str, object]]:
    added = ADDED[f"{generator} {mode}"]
    rows = []
    # Each in an order of its own: values must find their pairs by id.
    for n in np.random.default_rng(len(mode)).permutation(MASKED_PAIRS if generator == "mask" else range(N_PAIRS)):
        anchored = np.nan if n in NOT_ANCHORED else EASE[n] + 2 * added
        rows.append(
            {
                "pair_id": f"p{n}",
                "generator": generator,
                "mode": mode,
                "insertion_auc": EASE[n] + added,
                "deletion_auc": EASE[n] - added,
                "insertion_auc_anchored": anchored,
                "deletion_auc_anchored": -anchored,
                "insertion_curve": [0.0, 1.0],
                "deletion_curve": [1.0, 0.0],
                "is_constant": False,
                "insertion_is_flat": n == 60,
                "deletion_is_flat": n >= 78,
                "map_change": None if n % 4 == 3 else 0.25 + added,
            }
        )
    return rows


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    store = ArtifactStore(str(tmp_path_factory.mktemp("store")))
    stages = {"pairs.test": {"all": {"pairs": table("pairs", PAIRS)}}}
    for generator, mode in GENERATOR_MODES:
        part = table("faithfulness", faithfulness_rows(generator, mode))
        stages[f"faithfulness.{generator}.{mode}"] = {"all": {"faithfulness": part}}
    return Upstream(store, {stage: fill(store, stage, shards) for stage, shards in stages.items()})


def rows_of(upstream: Upstream, module=faithfulness_metrics) -> dict[tuple[str, str, str, str | None], dict]:
    rows = module.faithfulness_rows(upstream, SETTINGS, OPTIONS)
    found = {(row["metric"], row["generator"], row["mode"], row.get("compared_with")): row for row in rows}
    assert len(found) == len(rows)
    return found


def assert_table_1(upstream: Upstream, module=faithfulness_metrics) -> None:
    found = rows_of(upstream, module)
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


def test_each_generator_and_mode_has_its_figures(upstream: Upstream) -> None:
    assert_table_1(upstream)


def assert_comparisons(upstream: Upstream, module=faithfulness_metrics) -> None:
    found = {key: row for key, row in rows_of(upstream, module).items() if key[3] is not None}
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
            # 28 comparisons, each with 2 240 resamples: the least corrected p-value is just under 0.025.
            assert row["p_value"] == pytest.approx(1.0 if value == 0 else 56 / 2241)


def test_comparisons_are_paired_and_corrected_over_the_table(upstream: Upstream) -> None:
    assert_comparisons(upstream)


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("values[measure][rows] =", "values[measure][: len(rows)] =", assert_comparisons),
        ('"{curve}_is_flat"', '"insertion_is_flat"', assert_table_1),
        ("if key != baseline and", "if key[0] != baseline[0] and", assert_comparisons),
        ("measured[baseline].values[measure])", 'measured[baseline].values["insertion_auc"])', assert_comparisons),
        ("len(rows) - int(", "len(row_of) - int(", assert_table_1),
    ],
    ids=[
        "rows in the pairs' order",
        "one kind of flat curve",
        "no modes",
        "one measure for all",
        "missing maps left out",
    ],
)
def test_broken_copies_are_noticed(upstream: Upstream, tmp_path: Path, right: str, wrong: str, noticed_by) -> None:
    broken = broken_copy(faithfulness_metrics, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        noticed_by(upstream, broken)


def test_without_controls_nothing_is_compared_with_them(upstream: Upstream) -> None:
    settings = {**SETTINGS, "generator_modes": [["rise", "fixed"], ["rise", "both"]]}
    rows = faithfulness_metrics.faithfulness_rows(upstream, settings, OPTIONS)
    assert {row.get("compared_with") for row in rows} == {None, "rise"}
    alone = faithfulness_metrics.faithfulness_rows(
        upstream, {**SETTINGS, "generator_modes": [["rise", "fixed"]]}, OPTIONS
    )
    assert {row["table_name"] for row in alone} == {"saliency_faithfulness"}
