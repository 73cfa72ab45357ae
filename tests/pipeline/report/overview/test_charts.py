"""Charts: words for screen readers, the page's colours, escaped names, the same text every time."""

import re
from xml.etree import ElementTree

import pytest

from pipeline.evaluation.bootstrap import Interval
from pipeline.report.metric_table import Estimate
from pipeline.report.overview.charts import effects_chart, shares_chart, worth_chart
from pipeline.report.overview.inline_svg import COLOURS
from pipeline.report.overview.shares import AttributeShare
from pipeline.report.template_files import STYLE_SHEET, style_sheet, template_text

NAMES = (
    "pattern:stripes",
    "<script>alert(1)</script>",
    'it\'s "quoted" \\ and \\u0041',
    "ünï 図",
    "a" * 90,
    "#010101",
    "line\nbreak",
)
SHARES = [
    AttributeShare(name, 5, Interval(0.3 - 0.03 * i, 0.2, 0.5, 50, 20), Interval(0.1, float("nan"), float("nan"), 5, 1))
    for i, name in enumerate(NAMES)
]


@pytest.fixture(scope="module")
def chart():
    return shares_chart(SHARES)


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter("text")]


def test_names_are_text_and_long_ones_are_cut(chart) -> None:
    shown = texts(chart.wide)
    for name in NAMES[:4]:
        assert name in shown
    assert "a" * 33 + "…" in shown
    assert "line break" in shown
    assert "<script" not in chart.wide + chart.narrow


def test_screen_readers_get_title_and_figures(chart) -> None:
    drawn = ElementTree.fromstring(chart.wide)
    ids = {element.attrib["id"]: element.text for element in drawn if "id" in element.attrib}
    title, words = (ids[name] for name in drawn.attrib["aria-labelledby"].split())
    assert title == "Share of pairs that each attribute explains"
    assert "pattern:stripes 30 [20, 50]" in words
    assert "a" * 90 in words
    assert not re.search(r"<(?!svg)[^>]* (role|aria-\w+)=", chart.wide)


def test_all_colours_are_the_pages(chart) -> None:
    for svg in (chart.wide, chart.narrow, effects_chart(SHARES).wide):
        painted = set(re.findall(r' (?:fill|stroke)="([^"]*)"', svg))
        assert painted <= {*COLOURS.values(), "none", "transparent"}
    variables = set(re.findall(r"--(\w+):", style_sheet(template_text(STYLE_SHEET))))
    assert {value[len("var(--") : -1] for value in COLOURS.values()} <= variables
    # A name that looks like a stand-in stays what it is.
    assert "#010101" in texts(chart.wide)


def test_equal_figures_give_equal_text_and_others_another(chart) -> None:
    assert shares_chart(SHARES) == chart
    assert shares_chart(SHARES[:2]) != chart


def test_narrow_is_narrow_and_names_of_both_differ(chart) -> None:
    widths = [int(re.search(r'width="(\d+)"', svg).group(1)) for svg in (chart.wide, chart.narrow)]
    assert widths[1] < 350 < widths[0]
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (chart.wide, chart.narrow)]
    assert not ids[0] & ids[1]


def test_controls_are_squares_and_unknown_ends_are_left_out() -> None:
    chart = worth_chart([("RISE", Estimate(0.8, 0.7, 0.9), False), ("noise", Estimate(0.5), True)])
    assert "RISE 0.800 [0.700, 0.900]; noise 0.500." in chart.wide
    assert chart.wide.count("var(--pale)") == chart.wide.count('fill="var(--accent)"') == 1
