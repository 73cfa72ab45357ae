"""Words and figures stand out from what is behind them, on light and on dark pages.

Source: Web Content Accessibility Guidelines 2.2, success criteria 1.4.3 (text, 4.5 to 1) and 1.4.11 (graphics, 3 to 1),
with the contrast ratio of its glossary.
"""

import re

import pytest

from pipeline.report.figures import DARK, LIGHT, Palette
from pipeline.report.template_files import STYLE_SHEET, style_sheet, template_text

COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
GROUNDS = ("ground", "wash", "paper")
TEXTS = ("ink", "soft", "faint", "blue", "green", "red")
GRAPHICS = ("orange", "pale")


def schemes(style_sheet: str) -> tuple[dict[str, str], dict[str, str]]:
    """The colours by name of the light and of the dark page."""
    light, dark = re.findall(r":root \{(.*?)\}", style_sheet, re.DOTALL)
    return tuple(dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block)) for block in (light, dark))


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def too_weak(colours: dict[str, str]) -> list[tuple[str, str, float]]:
    """The pairs of names whose contrast is not sufficient, with their ratio."""
    wanted = [(name, ground, 4.5) for name in TEXTS for ground in GROUNDS]
    wanted += [(name, "ground", 3.0) for name in GRAPHICS]
    found = [(name, ground, contrast(colours[name], colours[ground]), least) for name, ground, least in wanted]
    return [(name, ground, round(ratio, 2)) for name, ground, ratio, least in found if ratio < least]


def test_the_ratio_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
def test_words_and_marks_stand_out(number: int) -> None:
    colours = schemes(style_sheet(template_text(STYLE_SHEET)))[number]
    assert too_weak(colours) == []
    # A grey halfway to the ground is noticed.
    halfway = [(int(colours["faint"][i : i + 2], 16) + int(colours["ground"][i : i + 2], 16)) // 2 for i in (1, 3, 5)]
    weak = too_weak({**colours, "faint": "#" + "".join(f"{channel:02x}" for channel in halfway)})
    assert [name for name, _, _ in weak] == ["faint"] * 3


def test_a_dark_page_is_dark_and_has_every_colour() -> None:
    light, dark = schemes(style_sheet(template_text(STYLE_SHEET)))
    assert set(light) == set(dark) >= {*GROUNDS, *TEXTS, *GRAPHICS}
    assert luminance(light["ground"]) > luminance(light["ink"])
    assert all(luminance(dark[name]) < 0.05 for name in (*GROUNDS, "track"))


def colours_outside(style_sheet: str) -> list[str]:
    return COLOUR.findall(re.sub(r":root \{.*?\}", "", style_sheet, flags=re.DOTALL))


def test_no_colour_stands_outside_the_two_schemes() -> None:
    whole = style_sheet(template_text(STYLE_SHEET))
    assert colours_outside(whole) == []
    assert colours_outside(whole + "td { border: 1px solid #eef1f4; color: #000; }") == ["#eef1f4", "#000"]
    assert set(re.findall(r"var\(--(\w+)\)", whole)) <= set(schemes(whole)[0])


@pytest.mark.parametrize(("palette", "number"), [(LIGHT, 0), (DARK, 1)], ids=["light", "dark"])
def test_figures_fit_the_page_and_stand_out(palette: Palette, number: int) -> None:
    colours = schemes(style_sheet(template_text(STYLE_SHEET)))[number]
    assert (palette.ground, palette.ink, palette.faint) == (colours["ground"], colours["ink"], colours["faint"])
    assert min(contrast(colour, palette.ground) for colour in (palette.ink, palette.faint)) >= 4.5
    assert min(contrast(colour, palette.ground) for colour in palette.series) >= 3
    assert palette.faint in palette.series
    assert len(set(palette.series)) == 6
