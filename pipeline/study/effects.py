"""The mixed-effects model of each dataset's answers: what its coefficients say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from pipeline.errors import BadDataset
from pipeline.study.judged import JudgedAnswer
from pipeline.study.mixed_logit import MixedFit, fit_mixed_logit
from pipeline.study.shares import by_dataset, conditions_of, session_numbers

BASELINE: Final = "share"
SHOWN_LEFT: Final = "shown left"


@dataclass(frozen=True)
class ModelTerm:
    """A coefficient.

    Attributes:
        dataset: of the answers.
        term: `share`: log odds of choosing what counts (of several conditions in the first one); `shown left`: how
            much higher they are where it is shown left; a condition: how much higher they are than in the first one.
        compared_with: the first condition, where the term is another.
        log_odds: the coefficient.
        low: lower end of its 95 % interval.
        high: upper end.
        p_value: of a coefficient of 0.
    """

    dataset: str
    term: str
    compared_with: str
    log_odds: float
    low: float
    high: float
    p_value: float

    @property
    def as_share(self) -> tuple[float, float, float] | None:
        """The share and both ends for an average subject and item, of the term `share` alone."""
        return (float(expit(self.log_odds)), float(expit(self.low)), float(expit(self.high))) if self.is_share else None

    @property
    def is_share(self) -> bool:
        """Whether it is the log odds of the share itself."""
        return self.term == BASELINE


@dataclass(frozen=True)
class DatasetModel:
    """The model of a dataset; without a fit where there are too few subjects or items.

    Attributes:
        dataset: of the answers.
        terms: coefficients.
        fit: what they come from; None: it could not be fitted.
        reason: why not.
    """

    dataset: str
    terms: tuple[ModelTerm, ...]
    fit: MixedFit | None
    reason: str = ""


def dataset_models(judged: Sequence[JudgedAnswer]) -> list[DatasetModel]:
    """Return the model of each dataset: condition and side as fixed effects, subject and item as random ones."""
    return [_model(answers) for answers in by_dataset(judged)]


def _model(answers: Sequence[JudgedAnswer]) -> DatasetModel:
    conditions = conditions_of(answers)
    names = (BASELINE, SHOWN_LEFT, *conditions[1:])
    left_a = np.array([answer.target_is_left for answer in answers]) - 0.5
    columns = [np.ones(len(answers)), left_a]
    columns += [np.array([float(answer.condition == condition) for answer in answers]) for condition in conditions[1:]]
    chosen_a = np.array([float(answer.chose_target) for answer in answers])
    items_a = np.unique([answer.item for answer in answers], return_inverse=True)[1]
    dataset = answers[0].dataset
    try:
        fit = fit_mixed_logit(names, np.column_stack(columns), chosen_a, session_numbers(answers), items_a)
    except BadDataset as error:
        return DatasetModel(dataset, (), None, error.found)
    terms = []
    for place, name in enumerate(names):
        low, high = fit.ends(name)
        compared = conditions[0] if name in conditions[1:] else ""
        value = float(fit.coefficients_k[place])
        terms.append(ModelTerm(dataset, name, compared, value, low, high, fit.p_value(name)))
    return DatasetModel(dataset, tuple(terms), fit)
