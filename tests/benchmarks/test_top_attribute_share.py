"""How often a kind of attribute is named first: counted right, with intervals over queries."""

import math
from pathlib import Path

import pytest

from benchmarks.top_attribute_share import Row, main, markdown, present_share, shares
from tests.flows.run_cases import FOUR_PARTS, FinishedRun


def rows_of(variant: str, attributes: list[str]) -> list[Row]:
    """First ranks of as many pairs, two to a query."""
    return [
        {"variant": variant, "pair_id": f"p{number:03}", "query": f"q{number // 2:03}", "attribute": attribute}
        for number, attribute in enumerate(attributes)
    ]


COLOUR, SHAPE = "colour:red", "type:shirt"
ROWS = [
    *rows_of("explains", [COLOUR] * 36 + [SHAPE] * 4),
    *rows_of("classifier", [COLOUR, SHAPE] * 20),
    *rows_of("random", [SHAPE] * 40),
]


def test_shares_are_counted_and_sorted() -> None:
    found = shares(ROWS, ("colour:",), ["classifier", "random"], seed=0, samples=500)
    assert [(share.variant, share.share.value) for share in found] == [
        ("explains", 0.9),
        ("classifier", 0.5),
        ("random", 0.0),
    ]
    best = found[0]
    assert (best.share.n, best.share.n_clusters) == (40, 20)
    assert best.share.low < 0.9 < best.share.high
    assert best.leads["classifier"].interval.value == pytest.approx(0.4)
    assert best.leads["classifier"].interval.low > 0
    assert found[2].leads["classifier"].interval.high < 0
    assert "random" not in found[2].leads


def test_equal_variants_have_no_lead() -> None:
    rows = [*rows_of("explains", [COLOUR, SHAPE] * 10), *rows_of("classifier", [SHAPE, COLOUR] * 10)]
    lead = shares(rows, ("colour:",), ["classifier"], seed=0, samples=500)[0].leads["classifier"]
    assert lead.interval.value == 0
    assert lead.p_value > 0.5


def test_several_prefixes_count_together() -> None:
    found = shares(ROWS, ("colour:", "type:"), [], seed=0, samples=100)
    assert {share.share.value for share in found} == {1.0}


def test_pairs_for_which_a_variant_names_nothing_are_left_out() -> None:
    found = {share.variant: share for share in shares([*ROWS, *rows_of("few", [COLOUR] * 6)], ("colour:",), [], 0, 100)}
    assert found["few"].share.n == 6
    assert found["few"].share.value == 1


def test_chance_is_the_share_among_what_a_query_has() -> None:
    images = [
        {"image_id": "q1", "attributes": [COLOUR, SHAPE]},
        {"image_id": "q2", "attributes": [SHAPE, "usage:formal", "season:summer", COLOUR]},
        {"image_id": "q3", "attributes": []},
    ]
    assert present_share(images, ["q1", "q2", "q3"], ("colour:",)) == pytest.approx(0.375)
    assert math.isnan(present_share(images, ["q3"], ("colour:",)))


def test_the_table_is_in_percent_with_corrected_p_values() -> None:
    text = markdown(shares(ROWS, ("colour:",), ["classifier"], seed=0, samples=100), ["classifier"])
    first = text.splitlines()[2]
    assert first.startswith("| explains | 90.0 [")
    assert "40.0 [" in first
    assert "p \N{LESS-THAN OR EQUAL TO} 0.004 |" in first


def test_results_of_other_settings_are_refused_in_one_readable_block(
    finished_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(finished_run.config), "part:", "--set", f"store.root={tmp_path}"])
    assert FOUR_PARTS.search(str(stopped.value.code))
    assert "explanations is pending" in str(stopped.value.code)
    assert main([str(finished_run.config), "part:"]) == 0
    assert "| embedding_effect |" in capsys.readouterr().out
