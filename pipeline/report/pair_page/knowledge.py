"""What a page knows of its pair beside the answer, as the rule of how sure an answer is takes it."""

from collections.abc import Sequence

from pipeline.report.answer_checks import NextBest, PairKnowledge
from pipeline.report.pair_page.evidence import PageAttribute, PairPage
from pipeline.report.replacement_test import ReplacementTest


def pair_knowledge(page: PairPage) -> PairKnowledge:
    """Return the test with other images, the truth and the next attribute, as far as the page has them."""
    replaced, answer = page.replaced, page.answer
    return PairKnowledge(
        None if replaced is None else ReplacementTest(replaced.effect, replaced.matched_effect),
        page.outcome,
        None if answer is None else next_best(page.attributes, answer["attribute"]),
        page.similarity,
    )


def next_best(attributes: Sequence[PageAttribute], answer: str | None) -> NextBest | None:
    """Return the first attribute besides the answer that the query is not known to lack; None without scores."""
    own = next((one.score for one in attributes if one.attribute == answer), None)
    after = next((one for one in attributes if one.attribute != answer and one.is_labelled is not False), None)
    if own is None or after is None or after.score is None:
        return None
    return NextBest(after.attribute, after.score, own)
