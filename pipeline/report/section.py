"""A section of the report as data: its heading, its words and what it shows."""

from dataclasses import dataclass

from pipeline.report.cards import Card
from pipeline.report.edits import EditPicture
from pipeline.report.figures import Picture
from pipeline.report.gallery import Gallery
from pipeline.report.table_model import Table


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: what it belongs to.
        text: its number.
        share: its length, 0 to 1.
        kind: "", "driver" or "distractor".
        note: printed small, such as an interval.
    """

    label: str
    text: str
    share: float
    kind: str = ""
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """Bars under a title; `legend` holds (CSS colour, meaning)."""

    title: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """One section, drawn in the order of its fields; `tiles` hold (name, figure, meaning)."""

    anchor: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    tiles: tuple[tuple[str, str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    gallery: Gallery | None = None
    edits: tuple[EditPicture, ...] = ()
    figures: tuple[Picture, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> str:
        """How much is in it, such as "2 tables, 1 figure"; empty where nothing of that kind is."""
        counts = (
            (len(self.cards), "pair"),
            (len(self.tiles), "number"),
            (len(self.tables), "table"),
            (len(self.figures) + len(self.charts), "figure"),
            (len(self.edits), "edit"),
        )
        return ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count)

    @property
    def has_content(self) -> bool:
        """Whether there is anything but words."""
        shown = (self.cards, self.tiles, self.tables, self.gallery, self.edits, self.figures, self.charts)
        return any(map(bool, shown))
