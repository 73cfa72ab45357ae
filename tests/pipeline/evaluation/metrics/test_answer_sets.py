"""Figures of sets of attributes."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import answer_sets
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

NAN = np.nan
PAIRS = MeasuredPairs(["a", "b", "c", "d"], np.arange(4), Resampling(0, 200))
# The last pair is not eligible, the third has no chosen set.
TOTAL, ELIGIBLE = [0.4, 0.2, 0.5, 0.01], [1.0, 1.0, 1.0, 0.0]


def kind(module, size, effect, reaches, single_sum=(0, 0, 0, 0), predicted=(NAN,) * 4, predicted_sum=(NAN,) * 4):
    columns = (size, effect, TOTAL, reaches, single_sum, predicted, predicted_sum, ELIGIBLE)
    return module.MeasuredSets(*(np.array(column, dtype=float) for column in columns))


def sets_of(module):
    chosen = kind(
        module, [2, 1, NAN, 1], [0.36, 0.1, NAN, 0], [1, 0, NAN, 0],
        [0.4, 0.1, NAN, 0], [0.3, 0.2, NAN, 0], [0.5, 0.2, NAN, 0],
    )  # fmt: skip
    others = {
        "greedy": kind(module, [3, 1, 1, 1], [0.4, 0.2, 0.1, 0], [1, 1, 0, 0]),
        "leading": kind(module, [1, 1, 1, 1], [0.2, 0.1, 0.1, 0], [0, 0, 0, 0]),
        "random": kind(module, [2, 1, NAN, 1], [0.2, 0.05, NAN, 0], [0.5, 0.25, NAN, 0]),
        "smallest": kind(module, [2, 2, 1, 1], [0.36, 0.2, 0.45, 0], [1, 1, 1, 1]),
        "all": kind(module, [4, 3, 3, 2], TOTAL, [1, 1, 1, 1], [0.5, 0.1, 0.6, 0.2]),
    }
    return {"chosen": chosen, **others}


def check_rows(module):
    size_p = np.array([2, 1, NAN, 1])
    rows = [*module.set_rows(PAIRS, size_p), *module.measured_set_rows(PAIRS, sets_of(module))]
    found = {
        (row["table_name"], row["metric"], row["variant"], row.get("compared_with")): (row["value"], row["n"])
        for row in rows
    }
    audit, comparison = "answer_set_audit", "answer_set_comparison"
    expected = {
        ("answer_set", "has_set", "chosen", None): (0.75, 4),
        ("answer_set", "size", "chosen", None): (4 / 3, 3),
        ("answer_set", "one_suffices", "chosen", None): (2 / 3, 3),
        # The third pair is eligible and has no set: it does not reach.
        (audit, "reaches", "chosen", None): (1 / 3, 3),
        (audit, "reaches", "greedy", None): (2 / 3, 3),
        (audit, "reaches", "leading", None): (0.0, 3),
        (audit, "reaches", "random", None): (0.25, 3),
        (audit, "reaches", "smallest", None): (1.0, 3),
        (audit, "share_of_joint", "chosen", None): (0.46 / 0.6, 2),
        (audit, "share_of_joint", "smallest", None): (1.01 / 1.1, 3),
        (audit, "true_size", "greedy", None): (5 / 3, 3),
        (audit, "size_excess", "chosen", None): (-0.5, 2),
        (audit, "size_excess", "greedy", None): (0.0, 3),
        (audit, "joint_effect", "chosen", None): (0.23, 2),
        (audit, "joint_effect", "all", None): (1.1 / 3, 3),
        (audit, "additivity", "chosen", None): (0.5 / 0.46, 2),
        (audit, "additivity", "all", None): (1.2 / 1.1, 3),
        (audit, "interaction", "all", None): (0.1, 3),
        (audit, "joint_effect_error", "chosen", None): (0.08, 2),
        (audit, "joint_effect_error", "sum_of_effects", None): (0.12, 2),
        (comparison, "reaches_difference", "chosen", "random"): (1 / 12, 3),
        (comparison, "reaches_difference", "chosen", "leading"): (1 / 3, 3),
        (comparison, "joint_effect_error_difference", "chosen", "sum_of_effects"): (-0.04, 2),
    }
    for key, (value, n) in expected.items():
        assert found[key] == (pytest.approx(value), n), key


def test_figures_are_over_eligible_pairs():
    check_rows(answer_sets)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.where(self.eligible_p > 0, values_p, np.nan)", "values_p"),
        ("np.nan_to_num(self.reaches_p, nan=0.0)", "self.reaches_p"),
        ("sets[kind].size_p - sets[SMALLEST].size_p", "sets[SMALLEST].size_p - sets[kind].size_p"),
        ("one.single_sum_p, one.effect_p, variant=kind", "one.effect_p, one.single_sum_p, variant=kind"),
        ("SUM: _error(chosen, chosen.predicted_sum_p)}", "SUM: _error(chosen, chosen.predicted_p)}"),
        ("size_p == 1)", "size_p <= 2)"),
    ],
)
def test_wrong_figures_are_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_rows(broken_copy(answer_sets, tmp_path, right, wrong))
