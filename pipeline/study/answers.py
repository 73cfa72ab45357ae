"""Answers of subjects as CSV: read strictly, since one that is taken for another spoils a study unseen."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import BadDataset
from pipeline.study.design import SIDES, StudyDesign

COLUMNS: Final = ("study", "protocol", "session", "form", "group", "position", "question", "choice", "seconds")
_SESSION: Final = re.compile(r"[0-9a-f]{16}")
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,5}")
_SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        study: of the design that it belongs to.
        protocol: `preference` or `prediction`.
        session: 16 hexadecimal digits drawn by the browser; stands for a subject.
        form: from 1.
        group: that the subject chose.
        position: of the question on the form, from 1.
        question: its id.
        choice: `left` or `right`.
        seconds: from the moment when the question was shown.
    """

    study: str
    protocol: str
    session: str
    form: int
    group: str
    position: int
    question: str
    choice: str
    seconds: float


class AnswerReader:
    """Reads answers and holds each against the design, and against the others of its session.

    Args:
        designs: all that answers may belong to.
    """

    def __init__(self, designs: Iterable[StudyDesign]) -> None:
        self._designs = {design.study: design for design in designs}
        self._answers: dict[tuple[str, str], Answer] = {}
        self._sessions: dict[str, tuple[str, int, str]] = {}
        self.repeated = 0

    @property
    def answers(self) -> list[Answer]:
        """All that were read, in their order; one that was read several times is there once."""
        return list(self._answers.values())

    def copy(self) -> "AnswerReader":
        """Return a reader that knows the same answers."""
        copied = AnswerReader(self._designs.values())
        copied._answers, copied._sessions, copied.repeated = dict(self._answers), dict(self._sessions), self.repeated
        return copied

    def read(self, text: str, name: str) -> list[Answer]:
        """Read a file with its heading and return what was not known before.

        Rows count from 1, which is the heading, as in a spreadsheet.

        Raises:
            BadDataset: the heading or a row is not as the pages write it, or contradicts design or earlier rows; then
                nothing of the file counts. The error names row and column.
        """
        rows = _rows(text.removeprefix("\ufeff"), name)
        if not rows or tuple(rows[0]) != COLUMNS:
            found = "nothing" if not rows else ",".join(rows[0])
            raise _refusal(",".join(COLUMNS), found, f"{name}, row 1", "use the file as the page or collector wrote it")
        return self._take([self._answer(row, f"{name}, row {place}") for place, row in enumerate(rows[1:], start=2)])

    def read_rows(self, text: str, name: str) -> list[Answer]:
        """Read rows without a heading, as a page sends them, and return what was not known before.

        Raises:
            BadDataset: as for `read`.
        """
        return self._take([self._answer(row, f"{name}, row {place}") for place, row in enumerate(_rows(text, name), 1)])

    def _take(self, found: Sequence[tuple[Answer, str]]) -> list[Answer]:
        """Keep answers; where one is refused none of them is kept."""
        answers, sessions, new, repeated = dict(self._answers), dict(self._sessions), [], 0
        for answer, where in found:
            told = (answer.study, answer.form, answer.group)
            if sessions.setdefault(answer.session, told) != told:
                column = next(
                    name
                    for name, one, other in zip(("study", "form", "group"), told, sessions[answer.session], strict=True)
                    if one != other
                )
                raise _refusal(
                    f"one study, form and group in a session: {sessions[answer.session]}",
                    str(told),
                    f"{where}, column {column}",
                    "remove the session, or the file that does not belong",
                )
            known = answers.setdefault((answer.session, answer.question), answer)
            if known.choice != answer.choice:
                raise _refusal(
                    f"one answer of a session to a question: {known.choice}",
                    answer.choice,
                    f"{where}, column choice",
                    "remove the session: it is not known which of them was meant",
                )
            if known is answer:
                new.append(answer)
            else:
                repeated += 1
        self._answers, self._sessions, self.repeated = answers, sessions, self.repeated + repeated
        return new

    def _answer(self, row: list[str], where: str) -> tuple[Answer, str]:
        if len(row) != len(COLUMNS):
            raise _refusal(f"{len(COLUMNS)} columns", str(len(row)), where, "use the file as it was written")
        cells = dict(zip(COLUMNS, row, strict=True))
        design = self._designs.get(cells["study"])
        _check(design is not None, "a study of the design", cells, "study", where)
        assert design is not None
        _check(cells["protocol"] == design.protocol, design.protocol, cells, "protocol", where)
        _check(_SESSION.fullmatch(cells["session"]), "16 hexadecimal digits", cells, "session", where)
        form = _place(cells, "form", len(design.forms), where)
        _check(cells["group"] in design.groups, f"one of {', '.join(design.groups)}", cells, "group", where)
        questions = design.forms[form - 1]
        position = _place(cells, "position", len(questions), where)
        asked = questions[position - 1]
        _check(cells["question"] == asked, f"{asked}, as on form {form}", cells, "question", where)
        _check(cells["choice"] in SIDES, " or ".join(SIDES), cells, "choice", where)
        _check(_SECONDS.fullmatch(cells["seconds"]), "seconds, such as 3.2", cells, "seconds", where)
        seconds = float(cells["seconds"])
        assert math.isfinite(seconds)
        return (
            Answer(
                design.study,
                design.protocol,
                cells["session"],
                form,
                cells["group"],
                position,
                asked,
                cells["choice"],
                seconds,
            ),
            where,
        )


def answer_line(answer: Answer) -> str:
    """Return an answer as a row of the file, with its line end."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(
        [f"{value:.3f}" if isinstance(value, float) else value for value in vars(answer).values()]
    )
    return buffer.getvalue()


def _rows(text: str, name: str) -> list[list[str]]:
    """Return the rows; empty lines are left out of none, so that row numbers are those of the file."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if any("\n" in cell or "\r" in cell or "\0" in cell for cell in row):
                raise csv.Error("a line break within a cell")
            rows.append(row)
    except csv.Error as error:
        raise _refusal("rows of CSV", str(error), f"{name}, row {len(rows) + 1}", "use the file as written") from error
    return rows


def _place(cells: Mapping[str, str], column: str, largest: int, where: str) -> int:
    is_whole = _WHOLE.fullmatch(cells[column]) is not None
    _check(is_whole and int(cells[column]) <= largest, f"a whole number, 1 to {largest}", cells, column, where)
    return int(cells[column])


def _check(holds: object, expected: str, cells: Mapping[str, str], column: str, where: str) -> None:
    if not holds:
        remedy = "use the file as it was written, and the design that was made with the pages"
        raise _refusal(expected, repr(cells[column][:_LONGEST_SHOWN]), f"{where}, column {column}", remedy)


def _refusal(expected: str, found: str, where: str, remedy: str) -> BadDataset:
    return BadDataset(expected=expected, found=found, where=where, remedy=remedy)
