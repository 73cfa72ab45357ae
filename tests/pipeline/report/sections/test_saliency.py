"""The table on the true regions holds the right figures in the right columns."""

from dataclasses import replace

import pytest

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections import saliency
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import GENERATORS, make_evidence, make_metrics
from tests.pipeline.report.table_cases import all_rows_fit

METRICS = MetricTable(make_metrics())


def check_localisation(module):
    table = module.localisation_table(METRICS, [(name, "fixed") for name in GENERATORS])
    assert all_rows_fit(table)
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["RISE", "81.2", "45.7", "5.7", "−5.7", "12.3", "–", "−3.5", "571", "29"],
        ["centre blob", "81.2", "45.7", "–", "–", "–", "–", "–", "571", "29"],
    ]
    assert [cell.tone for cell in table.rows[0].cells[3:8]] == ["muted", "muted", "good", "muted", "bad"]
    assert table.rows[0].cells[5].note == "[10.3, 14.3] p < 0.001, 190 pairs"
    assert sum(span for _, span in table.groups) == len(table.columns)


def test_maps_are_asked_for_the_true_region():
    check_localisation(saliency)
    assert saliency.localisation_table(MetricTable([]), [("rise", "fixed")]) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("generator, mode), _SHARE, 1)", "generator, mode), _SHARE, -1)"),
        ('("auroc_difference_small_regions"', '("auroc_difference_large_regions"'),
        ("figures = [metrics.of_maps(_TABLE, measure,", 'figures = [metrics.of_maps(_TABLE, "auroc",'),
    ],
    ids=["sign", "area", "measure"],
)
def test_a_broken_localisation_table_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_localisation(broken_copy(saliency, tmp_path, right, wrong))


def test_the_section_says_of_how_many_pairs_there_are_curves():
    evidence = make_evidence()
    assert saliency.curve_paragraphs(evidence) == ()
    (fewer,) = saliency.curve_paragraphs(replace(evidence, curve_pairs_asked=40))
    of_each = ", ".join(
        f"{name} {len(found.insertion_pt)}"
        for name, found in zip(("RISE", "random", "centre blob"), evidence.curves, strict=True)
    )
    assert f"at most 40 pairs (evaluation.curve_pairs) of 600: {of_each}." in fewer
    (off,) = saliency.curve_paragraphs(replace(evidence, curves_asked=False, curves=()))
    assert "turned off (evaluation.curves = false)" in off
    assert off in saliency.saliency_section(replace(evidence, curves_asked=False, curves=())).paragraphs


def check_fill_notes(module):
    assert module.fill_notes(None) == ()
    texts = [module.fill_notes(fill)[0] for fill in ("mean", "blur", [255, 250, 7])]
    for text, words in zip(texts, ("mean colour", "blurred copy of the image", "255, 250, 7 (red"), strict=True):
        assert f" {words}" in text


def test_a_fill_is_named_unless_it_is_each_papers_own(tmp_path):
    check_fill_notes(saliency)
    for right, wrong in (("if fill is None:", "if not fill or fill:"), ("words.get(fill, fill)", "words['mean']")):
        with pytest.raises((AssertionError, IndexError)):
            check_fill_notes(broken_copy(saliency, tmp_path, right, wrong))
