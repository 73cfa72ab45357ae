"""Answers are read as they were written, and whatever else is refused with its row and column."""

from collections.abc import Callable

import pytest

from pipeline.errors import BadDataset
from pipeline.study.answers import COLUMNS, AnswerReader, answer_line
from pipeline.study.questionnaire import Questionnaire
from tests.pipeline.study.toy_study import Subjects, preference_study, simulated_answers

HEADING = ",".join(COLUMNS) + "\n"


@pytest.fixture(scope="module")
def study() -> Questionnaire:
    return preference_study()


@pytest.fixture(scope="module")
def rows(study: Questionnaire) -> list[str]:
    return [answer_line(answer) for answer in simulated_answers(study.design, Subjects(lambda _: 0.5), 3, 0)]


def test_answers_read_back_as_they_were_written(study: Questionnaire, rows: list[str]) -> None:
    reader = AnswerReader([study.design])
    new = reader.read(HEADING + "".join(rows), "answers.csv")
    assert new == reader.answers == simulated_answers(study.design, Subjects(lambda _: 0.5), 3, 0)
    assert [answer_line(answer) for answer in new] == rows


def test_line_ends_and_marks_of_other_systems_are_fine(study: Questionnaire, rows: list[str]) -> None:
    text = "\ufeff" + (HEADING + "".join(rows)).replace("\n", "\r\n")
    assert len(AnswerReader([study.design]).read(text, "answers.csv")) == len(rows)


def test_answers_that_are_there_twice_count_once(study: Questionnaire, rows: list[str]) -> None:
    reader = AnswerReader([study.design])
    reader.read(HEADING + "".join(rows), "one.csv")
    assert reader.read(HEADING + "".join(rows[:5]), "two.csv") == []
    assert reader.repeated == 5
    assert len(reader.answers) == len(rows)


def test_a_copy_is_told_nothing_of_what_its_original_reads_later(study: Questionnaire, rows: list[str]) -> None:
    reader = AnswerReader([study.design])
    copied = reader.copy()
    reader.read_rows("".join(rows), "rows")
    assert copied.answers == []


def changed(column: str, value: str) -> Callable[[str], str]:
    def change(row: str) -> str:
        cells = row.rstrip("\n").split(",")
        cells[COLUMNS.index(column)] = value
        return ",".join(cells) + "\n"

    return change


MALFORMED = {
    "study": "0" * 16,
    "protocol": "prediction",
    "session": "someone@example.org",
    "form": "0",
    "group": "third",
    "position": "0",
    "question": "0" * 12,
    "choice": "middle",
    "seconds": "-1",
}


@pytest.mark.parametrize(
    ("column", "value"),
    [*MALFORMED.items(), ("form", "99999"), ("form", "1e3"), ("form", "")]
    + [("seconds", "nan"), ("seconds", ""), ("choice", "LEFT"), ("position", "13"), ("session", "")],
)
def test_a_malformed_cell_is_refused_with_row_and_column(
    study: Questionnaire, rows: list[str], column: str, value: str
) -> None:
    reader = AnswerReader([study.design])
    text = HEADING + "".join([*rows[:2], changed(column, value)(rows[2]), *rows[3:]])
    with pytest.raises(BadDataset) as refused:
        reader.read(text, "answers.csv")
    assert refused.value.where == f"answers.csv, row 4, column {column}"
    assert value[:60] in refused.value.found
    assert reader.answers == []


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (lambda text: text.replace(",", ";"), 1),
        (lambda text: text.partition("\n")[2], 1),
        (lambda text: "", 1),
        (lambda text: text.replace("seconds", "duration", 1), 1),
        (lambda text: text.replace("\n", "\n\n", 1), 2),
        (lambda text: text.rstrip("\n") + ",more\n", 37),
        (lambda text: text + "a,b\n", 38),
        (lambda text: text + '"open quote,', 38),
        (lambda text: text.replace(",first,", ',"fi\nrst",', 1), 2),
        (lambda text: text + "\0" * 9, 38),
    ],
)
def test_a_malformed_file_is_refused_with_its_row(
    study: Questionnaire, rows: list[str], change: Callable[[str], str], row: int
) -> None:
    with pytest.raises(BadDataset) as refused:
        AnswerReader([study.design]).read(change(HEADING + "".join(rows)), "answers.csv")
    assert refused.value.where == f"answers.csv, row {row}"


def test_sessions_that_contradict_themselves_are_refused(study: Questionnaire, rows: list[str]) -> None:
    reader = AnswerReader([study.design])
    reader.read(HEADING + "".join(rows), "answers.csv")
    other = "left" if ",right," in rows[0] else "right"
    for column, value in (("choice", other), ("group", "second")):
        with pytest.raises(BadDataset) as refused:
            reader.read(HEADING + changed(column, value)(rows[0]), "again.csv")
        assert refused.value.where == f"again.csv, row 2, column {column}"
    # The next question of the form is another one, too.
    with pytest.raises(BadDataset, match=r"again.csv, row 2, column question"):
        reader.read(HEADING + changed("position", "2")(rows[0]), "again.csv")
    # Another form has another question at this place, so that it is refused by it, or by the form.
    with pytest.raises(BadDataset, match=r"again.csv, row 2, column (question|form)"):
        reader.read(HEADING + changed("form", "2")(rows[0]), "again.csv")
    assert len(reader.answers) == len(rows)
