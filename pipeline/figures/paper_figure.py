"""A figure for print with its caption, and its bytes: equal drawings give equal ones in every format."""

import io
from dataclasses import dataclass
from typing import Final

import matplotlib
from matplotlib.figure import Figure

FORMATS: Final = ("png", "svg", "pdf")
_DOTS_PER_INCH: Final = 300
# Dates and versions would otherwise be in the bytes.
_METADATA: Final[dict[str, dict[str, None]]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@dataclass(frozen=True)
class PaperFigure:
    """A figure.

    Attributes:
        drawn: the drawing, which belongs to no global state.
        caption: what is shown, how many and how chosen, a paragraph each.
    """

    drawn: Figure
    caption: tuple[str, ...]

    def caption_text(self) -> str:
        """Return the caption as the text of a file."""
        return "\n\n".join(self.caption) + "\n"


def figure_bytes(figure: Figure, file_format: str) -> bytes:
    """Return a drawing in one of `FORMATS`; PNG has 300 dots per inch."""
    buffer = io.BytesIO()
    # Names of SVG elements from their content instead of a random number; fonts that printers accept in PDF.
    with matplotlib.rc_context({"svg.hashsalt": "sane", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=file_format, dpi=_DOTS_PER_INCH, metadata=_METADATA[file_format])
    return buffer.getvalue()
