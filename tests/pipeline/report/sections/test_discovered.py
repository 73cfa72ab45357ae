"""The section on discovered attributes: a row and a line of patches for each, names as text."""

from dataclasses import replace

import numpy as np

from pipeline.discovery.groups import DiscoveredGroup
from pipeline.report.evidence import ReportEvidence, RunFacts
from pipeline.report.page import render_evidence
from pipeline.report.sections.discovered import contact_sheet, discovered_section

FACTS = RunFacts("folder", "small", 0, 10, 5, 5, 2, "2026-01-01T00:00:00+00:00")
RED = np.full((32, 32, 3), (200, 0, 0), dtype=np.uint8)
GROUPS = (
    DiscoveredGroup("cluster-01", "<b>red & $x$</b>", 7, "colour:red", 0.81, (RED, RED)),
    DiscoveredGroup("cluster-02", None, 3, None, None, (RED // 2,)),
)


def evidence() -> ReportEvidence:
    return replace(ReportEvidence(FACTS), discovered=GROUPS)


def test_every_attribute_has_a_row_with_what_is_known_of_it() -> None:
    section = discovered_section(evidence())
    (table,) = section.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["cluster-01", "<b>red & $x$</b>", "7", "colour:red", "0.81"],
        ["cluster-02", "–", "3", "–", "–"],
    ]
    assert len(section.figures) == 1
    assert "<b>red & $x$</b>, cluster-02" in section.figures[0].alt


def test_names_are_escaped_on_the_page() -> None:
    page = render_evidence(evidence()).decode()
    assert "&lt;b&gt;red &amp; $x$&lt;/b&gt;" in page
    assert "<b>red" not in page


def test_patches_stand_in_the_row_of_their_attribute() -> None:
    sheet = contact_sheet(GROUPS, "#ffffff", "#112233")
    step = sheet.shape[0] // 2
    assert sheet.shape == (2 * step, 2 * step, 3)
    middle = step // 2
    assert sheet[middle, middle].tolist() == sheet[middle, step + middle].tolist() == [200, 0, 0]
    assert sheet[step + middle, middle].tolist() == [100, 0, 0]
    assert sheet[step + middle, step + middle].tolist() == [255, 255, 255]
    # Its frame, so that a white patch is seen on white.
    assert [17, 34, 51] in sheet[middle, : middle // 2].tolist()
    assert [17, 34, 51] not in sheet[step + middle, step:].tolist()


def test_without_discovery_there_is_no_section() -> None:
    assert not discovered_section(ReportEvidence(FACTS)).has_content
