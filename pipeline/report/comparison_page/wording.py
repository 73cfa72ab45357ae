"""Names of compared figures in words, and their numbers as text; for the page and the terminal alike."""

from typing import Final

from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.model_comparison.figures import ComparedFigure
from pipeline.report.generator_names import maps_name
from pipeline.report.number_text import PERCENT, interval_text, number_text, p_value_text

_NAMES: Final = {
    "similarity": "score of the pair",
    "answered": "pairs that an attribute explains",
    "top1_accuracy": "the query has the answer",
    "matched_effect": "drop of the score without the answer, measured",
    "expected_effect": "drop of the score without the leading attribute, expected",
    "hit_at_1": "the answer is the truly best attribute",
    "normalised_regret": "regret (0 perfect, 100 a random attribute of the query)",
    "insertion_auc": "insertion AUC (larger is better)",
    "deletion_auc": "deletion AUC (smaller is better)",
    "auroc": "localisation of the truly best attribute, AUROC",
}
NO_ATTRIBUTE: Final = "no attribute"


def figure_name(figure: ComparedFigure) -> str:
    """Return a figure's name in words, with the maps that it is about."""
    name = _NAMES.get(figure.metric, figure.metric)
    if figure.generator is None:
        return name
    return f"{name}: {maps_name(figure.generator, str(figure.mode))}"


def value_text(interval: Interval) -> str:
    """Return "12.8 [10.1, 15.9]", times 100; without ends where there are too few clusters."""
    value = number_text(interval.value, PERCENT)
    return " ".join(filter(None, (value, interval_text(interval.low, interval.high, PERCENT))))


def p_text(figure: ComparedFigure) -> str:
    """Return the p-value of no difference, after Holm's correction."""
    return p_value_text(figure.difference.p_value, figure.difference.is_bound)


def is_told(figure: ComparedFigure) -> bool:
    """Return whether the difference is told from none at 0.05, after the correction."""
    return figure.difference.p_value < 0.05


def answer_name(attribute: str | None) -> str:
    """Return an answer as people read it."""
    return NO_ATTRIBUTE if attribute is None else attribute
