"""Reading the report of a run as a person does: the texts of a section, and the rows of its tables."""

import re
import zipfile
from html.parser import HTMLParser

from stores.artifacts import ArtifactStore
from tests.flows.run_cases import FinishedRun

FIGURES = (
    "select metric, value, ci_low, ci_high, n from metrics where table_name = 'similarity_model' and variant = '{}'"
)
CHANCE = ["chance knows nothing of outfits", "25.0", "", "0.500", ""]


class SectionReader(HTMLParser):
    """Keeps the text of one section, and of each row of its table bodies."""

    def __init__(self, anchor: str) -> None:
        super().__init__()
        self.anchor, self.inside = anchor, False
        self.texts: list[str] = []
        self.rows: list[list[list[str]]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.inside = ("id", self.anchor) in attrs
        elif tag == "tr" and self.inside:
            self.rows.append([])
        elif tag == "td" and self.inside:
            self.rows[-1].append([])
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self.inside = False
        elif tag == "td":
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts.append(data)
            if self._in_cell:
                self.rows[-1][-1].append(data)


def read_section(run: FinishedRun, anchor: str) -> SectionReader:
    """Return what a section of the current report says; without texts where it is not there."""
    (commit,) = ArtifactStore(str(run.store)).read_commits(run.manifest("report"))
    (file,) = (path for path in (run.store / "report").rglob("report-*") if commit.shard_key in path.as_posix())
    reader = SectionReader(anchor)
    with zipfile.ZipFile(file) as archive:
        reader.feed(archive.read("evidence.html").decode("utf-8"))
    return reader


def section_text(run: FinishedRun, anchor: str) -> str:
    """Return the words of a section with single spaces between them."""
    return re.sub(r"\s+", " ", " ".join(read_section(run, anchor).texts))


def section_rows(run: FinishedRun, anchor: str) -> list[list[str]]:
    """Return the cells of its tables, a note separated from its figure by a space; headings are left out."""
    return [[" ".join(cell) for cell in row] for row in read_section(run, anchor).rows if row]


def compatibility_rows(run: FinishedRun, scorings: dict[str, str]) -> list[list[str]]:
    """Return the rows that the table of compatibility must have by the table `metrics`, given the name of each."""
    rows = []
    for variant, name in scorings.items():
        figures = {row["metric"]: row for row in run.query(FIGURES.format(variant))}
        cells = [name]
        for metric, scale, decimals in (("fill_in_the_blank_accuracy", 100, 1), ("compatibility_auc", 1, 3)):
            value, low, high = (
                f"{scale * figures[metric][column]:.{decimals}f}" for column in ("value", "ci_low", "ci_high")
            )
            number = figures[metric]["n"]
            cells += [f"{value} [{low}, {high}]", f"{number} {number} outfits"]
        rows.append(cells)
    return [*rows, CHANCE]
