"""Words of figures: no wider than their place, in letters that the font has."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.figures.words import FAMILY, LACKING, drawable, fitted, width_in

DOTS_PER_INCH = 600


def drawn_width_in(text: str, size_pt: float, is_bold: bool) -> float:
    """The width of the text as matplotlib draws it."""
    figure = Figure(figsize=(8, 1), dpi=DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    drawn = figure.text(0, 0, text, size=size_pt, family=FAMILY, weight="bold" if is_bold else "normal")
    return float(drawn.get_window_extent(canvas.get_renderer()).width) / DOTS_PER_INCH


@pytest.mark.parametrize("is_bold", [False, True])
@pytest.mark.parametrize("text", ["body_colour:yellow", "iiii llll", "WWWWW", "−0.123 (+0.4)"])
def test_widths_are_those_of_the_drawing(text: str, is_bold: bool) -> None:
    assert width_in(text, 6.5, is_bold) == pytest.approx(drawn_width_in(text, 6.5, is_bold), abs=0.01)


@pytest.mark.parametrize("most_lines", [1, 2, 3])
@pytest.mark.parametrize("text", ["a", "trim_colour:orange", "a very long name of a class indeed", "x" * 60, "", "  "])
def test_lines_are_no_wider_than_their_place(text: str, most_lines: int) -> None:
    lines = fitted(text, 0.8, 6.5, most_lines=most_lines)
    assert 1 <= len(lines) <= most_lines
    assert all(width_in(line, 6.5) <= 0.8 for line in lines)
    whole = "".join(lines).replace(" ", "")
    if "…" not in whole:
        assert whole == text.replace(" ", "")
    else:
        assert text.replace(" ", "").startswith(whole.rstrip("…"))


def test_what_fits_is_whole_and_what_does_not_is_cut() -> None:
    assert fitted("pocket", 0.8, 6.5) == ["pocket"]
    assert fitted("trim_colour:orange", 0.8, 6.5, most_lines=2) == ["trim_colour:", "orange"]
    (cut,) = fitted("a very long name of a class indeed", 0.8, 6.5)
    assert cut.endswith("…")


def test_letters_that_the_font_lacks_are_replaced() -> None:
    assert drawable("é $ ½ −") == "é $ ½ −"
    assert drawable("猫\n\0") == LACKING * 3
