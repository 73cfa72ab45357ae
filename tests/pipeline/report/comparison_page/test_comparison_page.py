"""The page of two models: figures in their columns, whatever names hold escaped, nothing fetched or run."""

import re
from dataclasses import replace

import pytest

from pipeline.report.comparison_page.evidence import Differing
from pipeline.report.comparison_page.page import TRANSITIONS_SHOWN, render_comparison
from tests.pipeline.report.comparison_page.comparison_cases import HOSTILE, N, make_comparison, make_pair


def test_figures_stand_in_their_columns() -> None:
    page = render_comparison(make_comparison(), [make_pair()]).decode()
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page.partition("<h2>Figures</h2>")[2])
    at = cells.index("insertion AUC (larger is better): RISE")
    assert cells[at + 1].startswith("50.0 [")
    assert cells[at + 2].startswith("25.0 [")
    assert cells[at + 3].startswith("25.0 [25.0")
    assert cells[at + 5] == str(N)
    assert page.count("flat map, or none") == 1
    assert page.count('alt="Map of ') == 1


def test_equal_answers_have_no_table_and_rare_changes_are_summed_up() -> None:
    assert "answer of A" not in render_comparison(make_comparison(), []).decode()
    page = render_comparison(make_comparison(answers=[f"a{row:02}" for row in range(N)]), []).decode()
    assert page.count("<td>red</td>") == TRANSITIONS_SHOWN
    assert f"{N - TRANSITIONS_SHOWN} pairs more change in rarer ways" in page


@pytest.mark.parametrize("where", ["configuration", "query", "attribute", "setting", "transition"])
def test_names_are_escaped_wherever_they_stand(where: str) -> None:
    shown, pairs = make_comparison(answers=[HOSTILE] * N if where == "transition" else None), [make_pair()]
    if where == "configuration":
        shown = make_comparison(HOSTILE)
    if where == "setting":
        shown = replace(shown, differing=(Differing(HOSTILE, HOSTILE, HOSTILE),), notes=(HOSTILE,))
    if where == "query":
        pairs = [make_pair(HOSTILE)]
    if where == "attribute":
        pairs = [make_pair(answer={"attribute": HOSTILE, "leading_attribute": HOSTILE, "group_name": HOSTILE})]
    page = render_comparison(shown, pairs).decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img src=x" not in page


def test_nothing_is_fetched_and_both_colour_schemes_are_there() -> None:
    page = render_comparison(make_comparison(), [make_pair()]).decode()
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "http" not in page.replace("http-equiv", "")
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert render_comparison(make_comparison(), [make_pair()]).decode() == page
