"""`sane study analyse`: from answers and design to figures, as a page, CSV and JSON."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from flows.commands.query_formats import write_result
from flows.study.written import DESIGN, LARGEST_FILE_BYTES, read_designs, read_text, write_files
from pipeline.errors import BadDataset
from pipeline.study.analysis import AnalysisPlan, analyse
from pipeline.study.analysis_rows import analysis_rows
from pipeline.study.analysis_tables import AnalysisSection, analysis_sections
from pipeline.study.answers import AnswerReader
from pipeline.study.design import StudyDesign
from pipeline.study.pages import analysis_page

FOLDER: Final = "analysis"


@dataclass(frozen=True)
class AnalysedStudy:
    """What was found.

    Attributes:
        paths: of the page, the CSV and the JSON.
        sections: the figures as tables.
        repeated: answers that were in the files more than once, and count once.
    """

    paths: tuple[Path, ...]
    sections: tuple[AnalysisSection, ...]
    repeated: int


def analyse_study(
    answers: Sequence[Path], designs: Sequence[Path], plan: AnalysisPlan, folder: Path | None
) -> AnalysedStudy:
    """Analyse files of answers and write the figures.

    Args:
        answers: files as pages and collector write them.
        designs: keys; none: design.json beside each file of answers, or in the folder above it.
        plan: rules and numbers.
        folder: for the figures; None: `analysis` beside the first file.

    Raises:
        BadDataset: a file cannot be read, is malformed (with row and column), or holds no answer.
        BadSetting: the figures cannot be written.
    """
    known = _designs(answers, designs)
    reader = AnswerReader(known.values())
    for path in answers:
        reader.read(read_text(path, LARGEST_FILE_BYTES), path.name)
    if not reader.answers:
        raise BadDataset(
            expected="answers", found="none", where=", ".join(map(str, answers)), remedy="collect some first"
        )
    found = analyse(reader.answers, known, plan)
    sections = analysis_sections(found, plan)
    rows = analysis_rows(found)
    files = {"analysis.html": analysis_page(sections)}
    files |= {f"analysis.{form}": _written(rows, form) for form in ("csv", "json")}
    paths = write_files(answers[0].parent / FOLDER if folder is None else folder, files)
    return AnalysedStudy(tuple(paths), tuple(sections), reader.repeated)


def _designs(answers: Sequence[Path], named: Sequence[Path]) -> dict[str, StudyDesign]:
    paths = dict.fromkeys(named or [_design_beside(path) for path in answers])
    return {design.study: design for path in paths for design in read_designs(path)}


def _design_beside(answers: Path) -> Path:
    for folder in (answers.parent, answers.parent.parent):
        if (folder / DESIGN).is_file():
            return folder / DESIGN
    raise BadDataset(
        expected=f"{DESIGN} beside the answers, or in the folder above",
        found="none",
        where=str(answers),
        remedy="name it with --design",
    )


def _written(rows: Sequence[dict[str, Any]], form: str) -> bytes:
    """Return rows as `sane query` writes them: what is no number is empty, and no cell is a formula."""
    buffer = io.StringIO()
    write_result(pa.Table.from_pylist(list(rows)), form, buffer)
    return buffer.getvalue().encode()
