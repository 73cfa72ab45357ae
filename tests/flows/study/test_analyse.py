"""`sane study analyse`: files in, figures out, and malformed files refused with row and column."""

import csv
import json
from pathlib import Path

import pytest

from pipeline.study.answers import COLUMNS, answer_line
from pipeline.study.design import StudyDesign, design_values
from tests.flows.run_cases import FOUR_PARTS, invoke
from tests.flows.study.browser import chromium, needs_chromium, visitor
from tests.pipeline.study.toy_study import Subjects, prediction_study, preference_study, simulated_answers

HEADING = ",".join(COLUMNS) + "\n"
TRUTH = Subjects(lambda question: 1.5 if question.condition == "answer" else 0.0, subject_spread=0.5)
QUICK = ("--samples", 200, "--simulations", 10)


@pytest.fixture(scope="module")
def designs() -> tuple[StudyDesign, StudyDesign]:
    return preference_study().design, prediction_study().design


def csv_text(design: StudyDesign, subjects: int, seed: int) -> str:
    return HEADING + "".join(map(answer_line, simulated_answers(design, TRUTH, subjects, seed)))


@pytest.fixture
def folder(designs: tuple[StudyDesign, StudyDesign], tmp_path: Path) -> Path:
    (tmp_path / "design.json").write_text(json.dumps(design_values(designs)))
    (tmp_path / "preference.csv").write_text(csv_text(designs[0], 24, 0))
    text = csv_text(designs[1], 24, 1)
    # Sessions of another study have other codes.
    (tmp_path / "prediction.csv").write_text(text.replace(",0000", ",ffff"))
    return tmp_path


def test_figures_are_written_and_printed(folder: Path) -> None:
    result = invoke("study", "analyse", folder / "preference.csv", folder / "prediction.csv", *QUICK)
    assert result.exit_code == 0, result.output
    for words in (
        "Preferred explanations",
        "Right predictions",
        "Differences between conditions",
        "Mixed-effects model",
    ):
        assert words in result.output
    rows = json.loads((folder / "analysis" / "analysis.json").read_text())
    with (folder / "analysis" / "analysis.csv").open(newline="") as file:
        assert list(csv.DictReader(file).fieldnames or ()) == list(rows[0])
    (total,) = [row for row in rows if row["figure"] == "share" and row["group"] == "all" and row["answers"] == 240]
    assert total["low"] <= 0.8 <= total["high"]
    assert total["subjects"] == 24
    page = (folder / "analysis" / "analysis.html").read_text()
    assert "80.0" in page
    assert "Table 3" in page


def test_the_same_answers_twice_count_once(folder: Path) -> None:
    path = folder / "preference.csv"
    (folder / "again.csv").write_text(path.read_text())
    result = invoke("study", "analyse", path, folder / "again.csv", *QUICK)
    assert "288 answers were in the files more than once" in result.output
    assert "240 answers of 24 of 24 sessions" in result.output


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda text: text.replace(",left,", ",middle,", 1), "column choice"),
        (lambda text: text.replace(",first,", ",third,", 1), "row 2, column group"),
        (lambda text: text.replace("session", "subject", 1), "row 1"),
        (lambda text: text + "one,two\n", "row 290"),
        (lambda text: "", "row 1"),
        (lambda text: HEADING, "preference.csv"),
    ],
)
def test_malformed_answers_are_refused(folder: Path, change: object, where: str) -> None:
    path = folder / "preference.csv"
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    result = invoke("study", "analyse", path, *QUICK)
    assert result.exit_code == 1
    assert FOUR_PARTS.search(result.output)
    assert where in result.output
    assert not (folder / "analysis").exists()


def test_bytes_that_are_no_text_are_refused_with_their_row(folder: Path) -> None:
    path = folder / "preference.csv"
    data = path.read_bytes().split(b"\n")
    data[3] = b"\xff" + data[3]
    path.write_bytes(b"\n".join(data))
    result = invoke("study", "analyse", path, *QUICK)
    assert result.exit_code == 1
    assert "other bytes in row 4" in result.output


@pytest.mark.parametrize(
    "text", ["{}", "[]", "no json", '{"schema_version": 1, "studies": [{}]}', '{"schema_version": 2}']
)
def test_a_design_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "design.json").write_text(text)
    result = invoke("study", "analyse", folder / "preference.csv", *QUICK)
    assert result.exit_code == 1
    assert FOUR_PARTS.search(result.output)
    assert "design.json" in result.output


def test_a_missing_design_or_file_is_refused(folder: Path) -> None:
    (folder / "design.json").rename(folder / "elsewhere.json")
    result = invoke("study", "analyse", folder / "preference.csv", *QUICK)
    assert result.exit_code == 1
    assert "--design" in result.output
    named = ("--design", folder / "elsewhere.json")
    assert invoke("study", "analyse", folder / "preference.csv", *named, *QUICK).exit_code == 0
    assert invoke("study", "analyse", folder / "none.csv", *named, *QUICK).exit_code == 1


@needs_chromium
def test_the_page_is_accessible_and_scrolls_within_its_tables(folder: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    invoke("study", "analyse", folder / "preference.csv", folder / "prediction.csv", *QUICK)
    with chromium() as browser:
        for width, scheme in ((390, "light"), (1400, "dark")):
            with visitor(browser, width, scheme) as one:
                one.page.goto((folder / "analysis" / "analysis.html").as_uri())
                assert [found["id"] for found in Axe().run(one.page).response["violations"]] == []
                assert one.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
