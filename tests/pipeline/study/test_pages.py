"""Pages of a study: everything put in is escaped, nothing is loaded from elsewhere, and the papers' table is there."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.report.table_model import Table
from pipeline.study.analysis import AnalysisPlan, analyse
from pipeline.study.analysis_tables import AnalysisSection, analysis_sections
from pipeline.study.design import StudyDesign
from pipeline.study.judged import ExclusionRules
from pipeline.study.pages import analysis_page, default_consent, study_files
from tests.pipeline.study.toy_study import Subjects, prediction_study, preference_study, simulated_answers

NASTY = "<script>alert('x')</script> & \"quoted\" </title> \u2028"
# Addresses of other hosts, and what loads from them; names of XML's own spaces load nothing.
OUTSIDE = re.compile(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.IGNORECASE)


def nasty_files() -> dict[str, bytes]:
    told = preference_study().published
    told["groups"][0] = NASTY
    next(iter(told["questions"].values()))["options"][0]["text"] = NASTY
    return study_files([told, prediction_study().published], f"First {NASTY}\n\nSecond\nline")


def test_text_of_others_is_escaped() -> None:
    files = nasty_files()
    page, script = files["preference.html"].decode(), files["data/preference.js"].decode()
    assert "alert(" in page
    assert "<script>alert" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert "<p>Second line</p>" in page
    assert "<" not in script
    told = json.loads(script.removeprefix("window.SANE_STUDY=").rstrip(";\n"))
    assert told["groups"][0] == NASTY
    assert "\u2028" not in script


def test_nothing_is_loaded_from_elsewhere() -> None:
    for name, data in nasty_files().items():
        assert OUTSIDE.findall(data.decode()) == [], name
    assert OUTSIDE.findall('<img src="//example.org/x.png">')


def test_every_file_that_a_page_names_is_there() -> None:
    files = nasty_files()
    for name in ("preference.html", "prediction.html", "index.html"):
        for named in re.findall(r'(?:src|href)="([^"#]+)"', files[name].decode()):
            assert named in files or named == "data:,", named


def test_the_consent_text_says_what_is_recorded() -> None:
    for word in ("voluntary", "recorded", "No name", "delete"):
        assert word in default_consent()


@pytest.fixture(scope="module")
def sections() -> list[AnalysisSection]:
    designs = [with_kinds(preference_study(datasets=("outfits", "animals", "own")).design), prediction_study().design]
    truth = Subjects(lambda _: 0.8, subject_spread=0.5)
    answers = [
        replace(answer, session=f"{number}{answer.session[1:]}")
        for number, design in enumerate(designs)
        for answer in simulated_answers(design, truth, 12, number)
    ]
    plan = AnalysisPlan(ExclusionRules(), Resampling(0, 100), simulations=10)
    return analysis_sections(analyse(answers, {design.study: design for design in designs}, plan), plan)


def with_kinds(design: StudyDesign) -> StudyDesign:
    kinds = ("polyvore_outfits", "awa2", "folder")
    datasets = tuple(replace(dataset, kind=kind) for dataset, kind in zip(design.datasets, kinds, strict=True))
    return replace(design, datasets=datasets)


def cells(table: Table) -> dict[str, dict[str, str]]:
    """Texts by the first cell of each row and heading, with its group."""
    return {
        row.cells[0].text: {
            f"{column.group} {column.heading}".strip(): cell.text
            for column, cell in zip(table.columns, row.cells, strict=True)
        }
        for row in table.rows
    }


def test_preferences_stand_beside_table_3(sections: list[AnalysisSection]) -> None:
    (table,) = [table for table in sections[0].tables if table.title == "Preferred explanations"]
    shown = cells(table)
    theirs = {name: [row[f"papers {column}"] for column in ("Total", "Male", "Female")] for name, row in shown.items()}
    assert theirs == {
        "animals": ["80.0", "83.3", "78.3"],
        "outfits": ["68.9", "63.3", "71.5"],
        "own": ["–", "–", "–"],
    }
    for row in shown.values():
        assert {"% preferred Total", "% preferred first", "% preferred second"} <= set(row)
        assert 50 < float(row["% preferred Total"]) < 95
    assert any("Table 3" in note for note in table.notes)


def test_predictions_have_a_row_for_each_condition(sections: list[AnalysisSection]) -> None:
    titles = [table.title for table in sections[1].tables]
    assert titles[:2] == ["Right predictions", "Differences between conditions"]
    assert [row.cells[1].text for row in sections[1].tables[0].rows] == ["nothing", "answer"]
    assert "How many subjects such a study needs" in titles


def test_the_page_shows_every_cell_escaped(sections: list[AnalysisSection]) -> None:
    first: Any = sections[0].tables[0]
    named = replace(first.rows[0].cells[0], text=NASTY)
    nasty = replace(first, rows=(replace(first.rows[0], cells=(named, *first.rows[0].cells[1:])),))
    page = analysis_page([replace(sections[0], tables=(nasty, *sections[0].tables[1:])), sections[1]]).decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert" in page
    assert "68.9" not in page or "80.0" in page
    for section in sections[1:]:
        for table in section.tables:
            for row in table.rows:
                assert all(str(cell.text) in page for cell in row.cells if cell.text.isascii())
    assert OUTSIDE.findall(page) == []
