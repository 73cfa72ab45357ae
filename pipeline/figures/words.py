"""Words as figures draw them: in letters that the font has, and no wider than their place."""

import re
from functools import cache
from typing import Final

from matplotlib.font_manager import FontProperties, findfont, get_font

FAMILY: Final = "DejaVu Sans"
LACKING: Final = "?"
_ELLIPSIS: Final = "…"
_PIECES: Final = re.compile(r"[^\s:_/|-]*[\s:_/|-]+|[^\s:_/|-]+")
# So many that rounding to dots does not matter; the font counts in parts of a dot.
_DOTS_PER_INCH: Final = 1200
_SUBPIXELS: Final = 64


def drawable(text: str) -> str:
    """Return a text on one line, with question marks for letters that the figures' font lacks."""
    glyphs = _glyphs()
    return "".join(letter if letter.isprintable() and ord(letter) in glyphs else LACKING for letter in text)


def width_in(text: str, size_pt: float, is_bold: bool = False) -> float:
    """Return how wide a drawable text is, in inches."""
    font = get_font(_font_file(is_bold))
    font.set_size(size_pt, _DOTS_PER_INCH)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / _SUBPIXELS / _DOTS_PER_INCH


def fitted(text: str, width: float, size_pt: float, is_bold: bool = False, most_lines: int = 1) -> list[str]:
    """Return a drawable text in lines no wider than so many inches, the last one with dots where it is cut.

    Lines are broken at spaces and after the signs that join words in names.
    """
    pieces, lines = _PIECES.findall(drawable(text)), [""]
    for number, piece in enumerate(pieces):
        longer = lines[-1] + piece
        if not lines[-1].strip() or width_in(longer.rstrip(), size_pt, is_bold) <= width:
            lines[-1] = longer
        elif len(lines) < most_lines:
            lines.append(piece)
        else:
            lines[-1] += "".join(pieces[number:])
            break
    return [_cut(line.strip(), width, size_pt, is_bold) for line in lines]


def _cut(line: str, width: float, size_pt: float, is_bold: bool) -> str:
    if width_in(line, size_pt, is_bold) <= width:
        return line
    kept = line
    while kept and width_in(kept + _ELLIPSIS, size_pt, is_bold) > width:
        kept = kept[:-1]
    return kept.rstrip() + _ELLIPSIS


@cache
def _font_file(is_bold: bool) -> str:
    # The font comes with matplotlib, so figures are alike on all machines.
    return str(findfont(FontProperties(family=FAMILY, weight="bold" if is_bold else "normal")))


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(_font_file(False)).get_charmap()) & frozenset(get_font(_font_file(True)).get_charmap())
