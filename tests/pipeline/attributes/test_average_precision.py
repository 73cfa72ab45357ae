import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.oracles.average_precision as oracle
from pipeline.attributes import average_precision
from pipeline.errors import BadDataset, BadModel
from tests.pipeline.evaluation.broken_copy import broken_copy


def compare_with_oracle(module):
    rng = np.random.default_rng(0)
    # Rounded, so that scores tie; the last three attributes have one positive, only positives and none.
    logits = np.round(rng.normal(size=(23, 6)), 1)
    labels = rng.random((23, 6)) < 0.4
    labels[:, 3] = np.arange(23) == 6
    labels[:, 4], labels[:, 5] = True, False
    result = module.mean_average_precision(logits, labels)
    expected = [oracle.average_precision(logits[:, a].tolist(), labels[:, a].tolist()) for a in range(6)]
    np.testing.assert_allclose(result.per_attribute, expected, rtol=1e-12)
    assert result.n_attributes == 4
    assert result.value == pytest.approx(np.mean(expected[:4]), rel=1e-12)


def test_mean_average_precision_is_the_definition_and_leaves_constant_attributes_out():
    compare_with_oracle(average_precision)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(labels_na[:, a], logits_na[:, a])", "(labels_na[:, a], -logits_na[:, a])"),
        ("(labels_na[:, a], logits_na[:, a])", "(labels_na[:, a], logits_na[:, a - 1])"),
        ("per_attribute[defined_a].mean()", "np.nan_to_num(per_attribute).mean()"),
        ("n_positive_a > 0", "n_positive_a > 1"),
        ("(n_positive_a < labels_na.shape[0])", "(n_positive_a <= labels_na.shape[0])"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(average_precision, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_average_precision_depends_on_the_order_of_scores_alone_and_never_on_that_of_images(seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(12, 3)), rng.random((12, 3)) < 0.5
    order = rng.permutation(12)
    result = average_precision.mean_average_precision(logits, labels)
    same = average_precision.mean_average_precision(np.exp(logits[order]), labels[order])
    np.testing.assert_allclose(same.per_attribute, result.per_attribute)


def test_no_defined_attribute_gives_nan_and_perfect_logits_give_one():
    nothing = average_precision.mean_average_precision(np.zeros((3, 2)), np.ones((3, 2), dtype=bool))
    assert np.isnan(nothing.value)
    assert nothing.n_attributes == 0
    labels = np.array([[True, False], [False, True], [True, True]])
    assert average_precision.mean_average_precision(labels.astype(np.float32), labels).value == 1.0


def test_logits_that_are_not_numbers_are_refused_with_their_row():
    logits = np.zeros((4, 2))
    logits[2, 1] = np.nan
    with pytest.raises(BadModel, match="row 2"):
        average_precision.mean_average_precision(logits, np.ones((4, 2), dtype=bool))


def test_contradictory_shapes_are_refused():
    with pytest.raises(BadDataset):
        average_precision.mean_average_precision(np.zeros((4, 2)), np.ones((4, 3), dtype=bool))
