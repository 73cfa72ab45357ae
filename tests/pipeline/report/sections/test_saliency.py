"""The section on saliency says of how many pairs there are curves, and what removed pixels became."""

from dataclasses import replace

import pytest

from pipeline.report.sections import saliency
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import make_evidence


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
