"""Whether replaced queries contradict an answer."""

import pytest

from pipeline.report.replacement_test import ReplacementTest


@pytest.mark.parametrize(
    ("change", "matched_change", "expected"),
    [
        (-0.3, -0.1, False),
        (-0.3, 0.1, True),
        (-0.3, 0.0, True),
        (0.1, -0.1, False),
        (-0.1, None, False),
        (0.0, None, True),
        (0.1, None, True),
        (None, None, False),
    ],
)
def test_it_goes_by_images_as_far_away_where_there_are_any(
    change: float | None, matched_change: float | None, expected: bool
) -> None:
    assert ReplacementTest(change, matched_change).contradicts is expected
