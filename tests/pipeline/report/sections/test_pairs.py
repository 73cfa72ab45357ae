"""What the section on pairs says of the variant that its cards show in full."""

import dataclasses

from pipeline.report.sections.pairs import pairs_section
from tests.pipeline.report.report_cases import make_evidence

TOLD = "Some of them are told the query’s labels and choose among these: embedding_effect."


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
    assert "ranks attributes by embedding_effect+presence." in words
    assert "It is not told the query’s labels" in words
    assert "terms of the papers’ score for the same attributes, which this score does not use" in words
    assert TOLD in words
    assert TOLD not in words_without("embedding_effect")


def test_the_papers_answer_is_explained_by_its_weights():
    words = words_without("embedding_effect+presence")
    formula = "sane+match+count = 0.30 × confidence + 0.50 × map match + 0.20 × prior."
    assert f"ranks attributes by {formula}" in words
    assert "not told" not in words
    assert "does not use" not in words
    assert "sane+match = 0.30 × confidence + 0.70 × map match" in words_without(
        "embedding_effect+presence", "sane+match+count"
    )
    assert "ranks attributes by classifier. Confidence" in words_without(
        "embedding_effect+presence", "sane+match+count", "sane+match", "sane"
    )


def test_cards_without_explanations_need_no_words_on_them():
    evidence = make_evidence(n_pairs=1)
    bare = dataclasses.replace(evidence, pairs=[dataclasses.replace(evidence.pairs[0], explanations=[])])
    assert len(pairs_section(bare).paragraphs) == 1
    assert not pairs_section(dataclasses.replace(evidence, pairs=[])).has_content
