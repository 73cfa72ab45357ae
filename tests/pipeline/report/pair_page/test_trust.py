"""How far to trust an answer: calibrated probabilities decide; without truth nothing is better than fair."""

import pytest

from pipeline.report.pair_page.trust import trust_of
from tests.pipeline.report.pair_page.page_cases import ANSWER, NO_ANSWER

OF_PRESENCE = {"probability_of": "query_has_attribute"}


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, "good", "83 of 100"),
        ({"probability": 0.75}, "good", "75 of 100"),
        ({"probability": 0.74}, "fair", "74 of 100"),
        ({"probability": 0.5}, "fair", "50 of 100"),
        ({"probability": 0.49}, "weak", "49 of 100"),
        ({"told_by": "all_pairs"}, "weak", "taken together"),
        (OF_PRESENCE, "fair", "no truth to compare with"),
        ({**OF_PRESENCE, "probability": 0.4}, "weak", "probably does not have it"),
        ({**OF_PRESENCE, "effect_low": -0.01}, "weak", "reaches zero"),
        ({"probability": None, "probability_of": None, "p_value": 0.06}, "weak", "in 6 % of cases"),
        ({"probability": None, "probability_of": None}, "fair", "no truth"),
        (NO_ANSWER, "none", "mean nothing to the model"),
        ({**NO_ANSWER, "reason": "no_candidates"}, "none", "No attribute is known"),
    ],
)
def test_level_and_reason(changes: dict[str, object], level: str, words: str) -> None:
    trust = trust_of({**ANSWER, **changes})
    assert trust.level == level
    assert words in trust.reason
    assert trust.reason[0].isupper()
    assert trust.reason.endswith(".")
