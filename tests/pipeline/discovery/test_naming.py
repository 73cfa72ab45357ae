"""Names of discovered attributes, and the labels they agree with most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.records import TableRow, UserTable
from pipeline.discovery.naming import LONGEST_NAME, ClosestLabel, checked_name, closest_labels
from pipeline.discovery.no_label import NO_LABEL
from pipeline.discovery.unlabelled_table import filled_table
from pipeline.errors import BadSetting


def test_names_are_composed_and_without_space_around() -> None:
    assert checked_name("  re\u0301d body ") == "r\u00e9d body"
    assert checked_name("<script>[bold]") == "<script>[bold]"


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\tb", "a\u2028b", "x" * (LONGEST_NAME + 1)])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match="name"):
        checked_name(text)


def test_the_closest_label_has_the_highest_f1_of_those_that_are_told_from_others() -> None:
    labels = np.array([[1, 0, 1, 1], [1, 0, 1, 1], [0, 1, 1, 1], [0, 1, 1, 0]], dtype=bool)
    found = np.array([[1, 0, 0, 0, 1], [1, 0, 0, 0, 1], [0, 1, 0, 1, 0], [0, 0, 0, 1, 1]], dtype=bool)
    # The third label is on every image: it holds every attribute and means none. The second attribute agrees with the
    # second label by 2/3, which an attribute of every image does as well; the last with the fourth by 2/3 below 6/7.
    assert closest_labels(found, labels) == [
        ClosestLabel(0, 1.0),
        None,
        None,
        ClosestLabel(1, 1.0),
        ClosestLabel(0, pytest.approx(0.8)),
    ]
    assert closest_labels(found[:, 4:], labels[:, 2:]) == [None]
    assert closest_labels(found, np.zeros((4, 0), dtype=bool)) == [None] * 5


@given(st.integers(0, 300), st.permutations(range(20)))
def test_the_order_of_images_does_not_count(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    found, labels = rng.random((20, 3)) < 0.3, rng.random((20, 4)) < 0.3
    assert closest_labels(found[order], labels[order]) == closest_labels(found, labels)


def test_a_table_is_filled_only_where_it_lacks_a_column(tmp_path) -> None:
    rows = (TableRow("row 1", {"image_id": "a", "split": "test", "label": "cat"}),)
    filled = filled_table(UserTable(tmp_path / "t.csv", ("image_id", "split", "label"), rows))
    assert filled.columns == ("image_id", "split", "label", "attributes")
    assert filled.rows[0].values == {**rows[0].values, "attributes": NO_LABEL}
    whole = UserTable(tmp_path / "t.csv", ("image_id", "split", "label", "attribute:red"), rows)
    assert filled_table(whole) is whole
