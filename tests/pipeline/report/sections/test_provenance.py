"""Where figures come from: stages with fingerprints, settings and versions."""

import dataclasses
from pathlib import Path

import pytest

from pipeline.report.evidence import StageRecord
from pipeline.report.page import render_evidence
from pipeline.report.sections import provenance
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import make_evidence

METRICS = StageRecord(
    "metrics", 1, {}, 1.0, ["cpu"], "2026-01-01T00:00:00+00:00", {}, "0123456789abcdef", {"numpy": "2.0"},
    {"seed": 3, "reads": {"audit": []}, "dataset": "<b>folder</b>"},
)  # fmt: skip
MAPS = dataclasses.replace(
    METRICS,
    stage="saliency_maps.test.rise.fixed",
    fingerprint="fedcba9876543210",
    versions={"numpy": "2.1"},
    settings={},
)


def rows(table) -> dict[str, str]:
    return {row.cells[0].text: row.cells[1].text for row in table.rows}


def check(module) -> None:
    made_from = rows(module.sources_table([METRICS, MAPS]))
    assert made_from["Saliency maps"] == "metrics (0123456789ab), saliency_maps.test.rise.fixed (fedcba987654)"
    assert made_from["Tables of figures with intervals"] == "metrics (0123456789ab)"
    assert "Training" not in made_from
    assert rows(module.settings_table([METRICS, MAPS])) == {"metrics": 'dataset = "<b>folder</b>"; seed = 3'}
    assert rows(module.versions_table([METRICS, MAPS])) == {"numpy": "2.0/2.1"}


def test_stages_settings_and_versions_are_told() -> None:
    check(provenance)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("stage == name or (name", "(name"),
        ("if name not in _LEFT_OUT", "if True"),
        ("setdefault(package, set()).add(version)", "setdefault(package, {version})"),
    ],
)
def test_a_broken_section_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises((AssertionError, TypeError)):
        check(broken_copy(provenance, tmp_path, right, wrong))


def test_settings_are_text_on_the_page() -> None:
    page = render_evidence(dataclasses.replace(make_evidence(n_pairs=0), stages=[METRICS])).decode()
    assert "&lt;b&gt;folder&lt;/b&gt;" in page
    assert "<b>folder</b>" not in page


def test_without_stages_there_is_no_section() -> None:
    assert not provenance.provenance_section(dataclasses.replace(make_evidence(n_pairs=0), stages=[])).has_content
