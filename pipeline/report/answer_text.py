"""An answer in words: what explains the match, how much, and how far to trust it."""

from dataclasses import dataclass

from pipeline.report.number_text import number_text
from pipeline.report.table_row import TableRow

_PROBABILITIES = {
    "largest_true_effect": "that no attribute of the query matters more",
    "query_has_attribute": "that the query has it",
}
_REASONS = {
    "no_effect": "No attribute explains this match",
    "no_candidates": "No attribute is known of this query",
}


@dataclass(frozen=True)
class AnswerText:
    """What a card says first.

    Attributes:
        attribute: that explains the match; None where none does.
        headline: what stands in its place where there is none, else nothing.
        details: how large the effect is and how sure, a sentence or two.
        is_true: the query is labelled with the attribute; None where unknown or without one.
    """

    attribute: str | None
    headline: str
    details: str
    is_true: bool | None


def answer_text(answer: TableRow) -> AnswerText:
    """Return the words for a row of the table `answers`."""
    attribute = answer["attribute"]
    if attribute is not None:
        details = f"{_effect_text(answer)}{_probability_text(answer)}.{_told_text(answer)}{_group_text(answer)}"
        return AnswerText(attribute, "", details, answer["is_ground_truth"])
    headline = _REASONS[answer["reason"]]
    if answer["leading_attribute"] is None:
        return AnswerText(None, headline, "", None)
    chance = number_text(answer["p_value"], 100.0, 0)
    details = (
        f"Closest is {answer['leading_attribute']}: {_effect_text(answer)}. Where attributes mean nothing to the "
        f"model, an effect as large as the largest here arises with a chance of {chance} %."
    )
    return AnswerText(None, headline, details, None)


def set_text(answer: TableRow, attribute_set: TableRow | None) -> str:
    """Return how few attributes account for most of the match, a sentence; nothing where there is nothing to choose.

    `attribute_set` is the pair's row of the table `answer_sets`.
    """
    if attribute_set is None or answer["attribute"] is None or not attribute_set["size"]:
        return ""
    names, n_candidates = attribute_set["attributes"], attribute_set["candidates"]
    if n_candidates < 2:
        return ""
    known = "attributes of the query" if answer["presence"] == "labels" else "attributes that the query seems to have"
    every = f"the expected effect of all {n_candidates} {known}"
    rest = f"for {number_text(attribute_set['share'], 100.0, 0)} % of {every}"
    against = ""
    if attribute_set["share"] > 1:
        rest = f"for all of {every}"
        against = (
            " Some of the others work against the match: without them the similarity would rise, so that the effect of "
            "all is smaller than that of these."
        )
    if len(names) == 1:
        alone = "Alone it accounts" if names[0] == answer["attribute"] else f"{names[0]} alone accounts"
        return f"{alone} {rest}.{against}"
    lacking = ""
    if answer["attribute"] not in names:
        lacking = (
            f" {answer['attribute']} is not among them: what attributes do together is not the sum of what each does."
        )
    return f"Together these {len(names)} account {rest}: {', '.join(names)}.{lacking}{against}"


def sentence(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _effect_text(answer: TableRow) -> str:
    effects = [answer[name] for name in ("effect", "effect_low", "effect_high")]
    moves = "fall"
    if effects[0] is not None and effects[0] < 0:
        # The ends change places with their sign.
        moves, effects = "rise", [None if effect is None else -effect for effect in (effects[0], *effects[:0:-1])]
    effect, low, high = (number_text(one, decimals=3) for one in effects)
    return f"without it the similarity is expected to {moves} by {effect} [{low}, {high}]"


def _told_text(answer: TableRow) -> str:
    """Return that an effect is told only over all pairs, a sentence; nothing where the pair's own is."""
    if answer["told_by"] != "all_pairs":
        return ""
    chance = number_text(answer["p_value"], 100.0, 0)
    return (
        f" For this pair alone that is no more than chance may give (as much in {chance} % of cases); over all "
        "validation pairs such answers are shown to matter."
    )


def _group_text(answer: TableRow) -> str:
    """Return what the attribute cannot be told from, a sentence; nothing where it can be told from all others."""
    group = answer["group_name"]
    return "" if group is None else f" The training labels cannot tell it from the rest of its group: {group}."


def _probability_text(answer: TableRow) -> str:
    if answer["probability"] is None:
        return ""
    share = number_text(answer["probability"], 100.0, 0)
    return f"; probability {share} % {_PROBABILITIES[answer['probability_of']]}"
