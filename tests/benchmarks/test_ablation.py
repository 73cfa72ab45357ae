"""The ablation: its rows are settings that exist, and its measures and comparisons are right by hand."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.ablation import (
    Base,
    ablation_table,
    chosen_rows,
    difference_cell,
    measure_table,
    run_rows,
    variants_made,
)
from benchmarks.ablation_measures import (
    REGRET,
    TEST_MAP,
    MeasuredWith,
    RowMeasures,
    differences,
    intervals,
    row_measures,
)
from benchmarks.ablation_rows import BASE, BASE_VARIANTS, ROW_VARIANTS, ROWS, AblationRow
from flows.readers.pair_frame import PairFrame
from flows.readers.replacement_effects import read_replacement_effects
from flows.settings.file import load_settings
from pipeline.attributes.average_precision import mean_average_precision
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.bootstrap import Ratio, Resampling
from pipeline.explanation.variants import VARIANTS
from tests.flows.run_cases import FinishedRun

DEMO = Path(__file__).parents[2] / "configs" / "demo.toml"
RESAMPLING = Resampling(0, 200)
N_IMAGES, N_ATTRIBUTES = 40, 4
QUERY_P = np.repeat(np.arange(20), 2)
LABELS_NA = np.random.default_rng(0).random((N_IMAGES, N_ATTRIBUTES)) < 0.5
LABELS_NA[:, 0] = True
LABELS_NA[:2, 1:] = [[True] * 3, [False] * 3]


def measured_with(truth: bool = True) -> MeasuredWith:
    ids = [f"image {number}" for number in range(N_IMAGES)]
    names = [f"attribute {number}" for number in range(N_ATTRIBUTES)]
    n_pairs = len(QUERY_P)
    pair_ids = [f"pair {number}" for number in range(n_pairs)]
    frame = PairFrame(
        "test", ids, pair_ids, QUERY_P, QUERY_P + 20, LABELS_NA, names, [-1] * N_ATTRIBUTES, [None] * n_pairs
    )
    delta_pa = np.tile([0.1, 0.2, 0.3, 0.4], (n_pairs, 1))
    present_pa = np.ones_like(delta_pa, dtype=bool)
    return MeasuredWith(
        frame,
        QUERY_P,
        {"valid": np.arange(N_IMAGES), "test": np.arange(N_IMAGES)},
        {"valid": LABELS_NA, "test": LABELS_NA},
        np.arange(N_ATTRIBUTES),
        {"matched effect": delta_pa, "removal": 2 * delta_pa},
        TrueEffects(delta_pa, present_pa, 0.05) if truth else None,
    )


def naming(attribute: int, noise: float = 1.0) -> RowMeasures:
    logits_na = LABELS_NA + noise * np.random.default_rng(1).normal(size=LABELS_NA.shape)
    return row_measures({"valid": logits_na, "test": logits_na}, np.full(len(QUERY_P), attribute), measured_with())


def test_rows_are_settings_that_exist_and_differ_from_the_base() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    base = load_settings(DEMO, [])
    for row in ROWS:
        assert row.against in names[: names.index(row.name)] or row.name == BASE
        assert row.variant in (ROW_VARIANTS if row.overrides else BASE_VARIANTS)
        assert row.model in VARIANTS[row.variant].models
        assert (load_settings(DEMO, row.overrides) != base) == bool(row.overrides)


def test_rows_are_chosen_with_what_they_are_compared_with() -> None:
    assert chosen_rows([]) == list(ROWS)
    few = chosen_rows(["fully connected head"])
    assert [row.name for row in few] == [BASE, "classifier instead", "fully connected head"]
    assert variants_made(few) == [*ROW_VARIANTS, "classifier", "classifier_fc"]
    with pytest.raises(ValueError, match="no rows"):
        chosen_rows(["temperature"])


def test_measures_are_those_of_the_attribute_that_is_named() -> None:
    row = naming(0)
    np.testing.assert_array_equal(row.pairs["top-1"], np.ones(40))
    np.testing.assert_allclose(row.pairs["matched effect"], 0.1)
    np.testing.assert_allclose(row.pairs["removal"], 0.2)
    regret = row.pairs[REGRET]
    assert isinstance(regret, Ratio)
    np.testing.assert_allclose(regret.numerator_p, 0.3)
    np.testing.assert_allclose(regret.denominator_p, 0.15)
    best = naming(3)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(best.pairs["matched effect"], row.pairs["matched effect"])
    logits = {"valid": LABELS_NA * 1.0, "test": LABELS_NA * 1.0}
    assert REGRET not in row_measures(logits, np.zeros(40, dtype=np.int64), measured_with(truth=False)).pairs


def test_rows_are_compared_with_the_row_that_they_name() -> None:
    rows = [AblationRow(BASE), AblationRow("best"), AblationRow("same"), AblationRow("second", against="best")]
    found = {BASE: naming(0), "best": naming(3, noise=0.1), "same": naming(0), "second": naming(2, noise=0.1)}
    compared = differences(rows, found, measured_with(), RESAMPLING)
    assert compared["best", "matched effect"].interval.value == pytest.approx(0.3)
    assert compared["second", "matched effect"].interval.value == pytest.approx(-0.1)
    assert compared["best", REGRET].interval.value == pytest.approx(-2)
    assert compared["best", "matched effect"].p_value < 0.05
    of_maps = [mean_average_precision(found[name].logits["test"], LABELS_NA).value for name in ("best", BASE)]
    assert compared["best", TEST_MAP].interval.value == pytest.approx(of_maps[0] - of_maps[1])
    assert compared["best", TEST_MAP].interval.n_clusters == N_ATTRIBUTES - 1
    assert difference_cell(compared["same", "matched effect"]) == "0, the same"
    assert difference_cell(compared["best", "matched effect"]).startswith("30.0 [30.0, 30.0], p ")


def test_every_measure_has_an_interval() -> None:
    found = intervals(naming(1), measured_with(), RESAMPLING)
    assert list(found) == ["validation mAP", "test mAP", "top-1", "matched effect", "removal", "regret"]
    assert found["matched effect"].value == pytest.approx(0.2)
    assert found["test mAP"].low < found["test mAP"].value < found["test mAP"].high


def test_a_row_is_measured_with_the_base_runs_replacements(run_copy: FinishedRun) -> None:
    rows = chosen_rows(["weights = papers", "replacements = 1"])
    base = Base(run_copy.config, ())
    measured, found = run_rows(base, rows)
    own = base.run(rows[1].overrides, ROW_VARIANTS, ["replacements.test"])
    of_row = -read_replacement_effects(own, "test", "matched", measured.frame)
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(of_row, measured.drops["matched effect"])
    assert len(ablation_table(rows, found, measured, RESAMPLING).splitlines()) == 2 + 1 + 2 * 2
    counts = [
        line.split(" | ")[0] for line in measure_table(base, found[BASE].named_p, measured, RESAMPLING).splitlines()
    ]
    assert counts[2:] == ["| 1", "| 5", "| 10"]
