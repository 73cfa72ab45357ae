"""What the section on pairs says of the variant that its cards show in full."""

import dataclasses

import pytest

from pipeline.report.evidence import FittingFacts
from pipeline.report.sections.pairs import pairs_section
from tests.pipeline.report.report_cases import make_evidence

TOLD = (
    "Some of them are told the query’s labels and choose among these: the predicted effect, among the query’s labels."
)


def words_without(*variants):
    """The section's words where these variants were not run."""
    evidence = make_evidence(n_pairs=2)
    pairs = [
        dataclasses.replace(pair, explanations=[row for row in pair.explanations if row["variant"] not in variants])
        for pair in evidence.pairs
    ]
    return " ".join(pairs_section(dataclasses.replace(evidence, pairs=pairs)).paragraphs)


def test_the_best_answer_is_explained_in_words():
    words = words_without()
    assert "ranks attributes by the predicted effect, among what the query seems to have." in words
    assert "It is not told the query’s labels" in words
    assert "terms of the papers’ score for the same attributes, which this score does not use" in words
    assert TOLD in words
    assert TOLD not in words_without("embedding_effect")


def test_the_papers_answer_is_explained_by_its_weights():
    words = words_without("embedding_effect+presence")
    formula = "SANE in full, with map matching and prior = 0.30 × confidence + 0.50 × map match + 0.20 × prior."
    assert f"ranks attributes by {formula}" in words
    assert "not told" not in words
    assert "does not use" not in words
    assert "SANE with map matching = 0.30 × confidence + 0.70 × map match" in words_without(
        "embedding_effect+presence", "sane+match+count"
    )
    assert "ranks attributes by the attribute classifier. Confidence" in words_without(
        "embedding_effect+presence", "sane+match+count", "sane+match", "sane"
    )


def test_cards_without_explanations_need_no_words_on_them():
    evidence = make_evidence(n_pairs=1)
    bare = dataclasses.replace(evidence, pairs=[dataclasses.replace(evidence.pairs[0], explanations=[])])
    assert len(pairs_section(bare).paragraphs) == 1
    assert not pairs_section(dataclasses.replace(evidence, pairs=[])).has_content


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (
            "crop",
            "faded and hatched below (dataset.fit = “crop”). 3 of 1,200 test images (0.25 %) lose more than a tenth",
        ),
        ("pad", "borders, and what maps say of them, are left out below (dataset.fit = “pad”). 3 of 1,200 test images"),
        (
            "stretch",
            "squeezed; below they have their own shape (dataset.fit = “stretch”). 3 of 1,200 test images (0.25 %)",
        ),
    ],
)
def test_how_photographs_were_fitted_is_one_paragraph(fit, words):
    evidence = make_evidence(n_pairs=1)
    fitted = dataclasses.replace(evidence, fitting=FittingFacts(fit, 1200, 3, 48, 0))
    paragraphs = pairs_section(fitted).paragraphs
    assert [words in paragraph for paragraph in paragraphs].count(True) == 1
    assert len(paragraphs) == len(pairs_section(evidence).paragraphs) + 1
    unread = dataclasses.replace(evidence, fitting=FittingFacts(fit, 1200, 3, 48, 2))
    assert "2 of the 48 photographs shown here could not be read" in " ".join(pairs_section(unread).paragraphs)
