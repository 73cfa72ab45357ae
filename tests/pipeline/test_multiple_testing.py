"""Holm's correction against its procedure, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.oracles.bootstrap as oracle
from pipeline import multiple_testing as module
from tests.pipeline.evaluation.broken_copy import broken_copy


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8),
    st.floats(0.001, 0.5),
)
def test_holm_adjusts_to_what_the_procedure_rejects(p_values, level) -> None:
    adjusted = module.holm(np.array(p_values))
    rejected = oracle.holm_rejections(p_values, level)
    for p_adjusted, is_rejected in zip(adjusted, rejected, strict=True):
        # A p-value within rounding of the level may fall on either side.
        if abs(p_adjusted - level) > 1e-12:
            assert (p_adjusted <= level) == is_rejected


def test_holm_by_hand_and_with_a_comparison_that_could_not_be_made() -> None:
    adjusted = module.holm(np.array([0.04, np.nan, 0.01, 0.03]))
    np.testing.assert_allclose(adjusted, [0.06, np.nan, 0.03, 0.06])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("order.size, 0, -1", "1, order.size + 1"), ("np.maximum.accumulate(", "np.asarray(")],
)
def test_the_holm_comparison_notices_mistakes(tmp_path, right, wrong) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(broken.holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
