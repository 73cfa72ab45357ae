"""Checks of the answers against edited images: the background exchanged, the query mirrored, the colour changed."""

from collections.abc import Sequence
from typing import Final

from pipeline.evaluation.metrics.recolouring import CALIBRATED
from pipeline.evaluation.metrics.recolouring import TABLE as RECOLOURED
from pipeline.evaluation.metrics.whole_edits import TABLE as WHOLE_EDITS
from pipeline.evaluation.recolouring.edit_kinds import WholeEdit
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import PERCENT, count_text, number_text
from pipeline.report.overview.check import BAD, GOOD, WEAK, Check, figure_text, percent_text, upper_end
from pipeline.report.table_row import TableRow

# The floor of effects lets 1 % of edits past that should not matter; up to a tenth of the pairs, as in other checks,
# changes no share of the answers by more than a tenth.
_FEW_PAIRS: Final = 0.1
# Beyond that what no attribute names moves the score of most pairs, so attributes are not what it matches by.
_MOST_PAIRS: Final = 0.5
# Of the pairs where the edit is a cause; then the answers point out more of them than they miss.
_MOSTLY_SAID: Final = 0.5
# A large correlation by Cohen (1988), "Statistical Power Analysis", section 3.2: a quarter of the variance of ranks.
_LARGE_CORRELATION: Final = 0.5
# Of the mean measured effect; beyond that most of it is not predicted.
_HALF_THE_EFFECT: Final = 0.5

_EDITS: Final = {
    WholeEdit.BACKGROUND: "another background",
    WholeEdit.MIRRORED: "mirroring the item",
}


def edit_checks(choice: Sequence[TableRow], metrics: MetricTable, n_pairs: int) -> list[Check]:
    """Return the checks that edits allow; none where there were no edits.

    Edits of the whole item are left out where the true causes of matches are known: there the ground is labelled, so
    an attribute may stand for it, and the comparison with the truth says more.

    Args:
        choice: rows of the table `answer_choice`.
        metrics: all figures.
        n_pairs: of the report, of which not all have an image that can be edited so.
    """
    is_audited = metrics.single("audit", "normalised_regret") is not None
    whole = [] if is_audited else [found for edit in _EDITS for found in _whole_check(metrics, edit, n_pairs)]
    return [*whole, *_order_check(choice, metrics), *_size_check(metrics)]


def _whole_check(metrics: MetricTable, edit: WholeEdit, n_pairs: int) -> list[Check]:
    cause = metrics.of_variant(WHOLE_EDITS, "cause_share", edit)
    if cause is None or cause.value is None:
        return []
    where, elsewhere = (
        metrics.of_variant(WHOLE_EDITS, f"unexplained_{place}", edit) for place in ("where_cause", "elsewhere")
    )
    is_said = _is_above(where, elsewhere)
    edited = _EDITS[edit]
    outcome = _whole_outcome(cause, where, is_said)
    share = number_text(cause.value, PERCENT, 0)
    reading = f"{edited} alone lowers the score clearly in {share} % of the edited pairs"
    if upper_end(cause) >= _FEW_PAIRS and where is not None and elsewhere is not None and where.value is not None:
        there, others = (number_text(one.value, PERCENT, 1) for one in (where, elsewhere))
        reading += (
            f"; that no attribute explains the match is said of {there} % of these and of {others} % of the others"
        )
    meaning = (
        f"No attribute names this. In {count_text(cause.n)} of {count_text(n_pairs)} pairs, those whose query can be "
        "edited so, it was changed with all else as it was; it is a cause where the score falls further than by 99 of "
        "100 edits that should not matter. Such matches also rest on what no answer can name."
    )
    return [Check(f"{edited} as a cause", percent_text(cause), outcome, reading, meaning)]


def _whole_outcome(cause: Estimate, where: Estimate | None, is_said: bool) -> str:
    high = upper_end(cause)
    is_mostly_said = is_said and where is not None and where.value is not None and where.value >= _MOSTLY_SAID
    if high < _FEW_PAIRS or is_mostly_said:
        return GOOD
    if cause.low is not None and cause.low > _MOST_PAIRS and not is_said:
        return BAD
    return WEAK


def _is_above(one: Estimate | None, other: Estimate | None) -> bool:
    """Return whether a share is larger than another and their intervals do not meet."""
    if one is None or other is None or one.low is None or other.high is None:
        return False
    return one.low > other.high


def _order_check(choice: Sequence[TableRow], metrics: MetricTable) -> list[Check]:
    """Return whether pairs whose colour is said to matter more are those where it does."""
    chosen = next((row["variant"] for row in choice if row["is_chosen"]), None)
    found = None if chosen is None else metrics.of_variant(RECOLOURED, "spearman", chosen)
    if chosen is None or found is None or found.value is None:
        return []
    is_against = found.high is not None and found.high < 0
    is_shown = found.low is not None and found.low > 0
    outcome = BAD if is_against else GOOD if is_shown and found.value >= _LARGE_CORRELATION else WEAK
    reading = {
        GOOD: "where colour is predicted to matter more, changing it does lower the score more",
        WEAK: (
            "where colour is predicted to matter more, changing it lowers the score only a little more"
            if is_shown
            else "changing the colour is not shown to lower the score more where colour is predicted to matter more"
        ),
        BAD: "changing the colour lowers the score less where colour is predicted to matter more",
    }[outcome]
    meaning = (
        "Rank correlation of the predicted with the measured effect of the query’s colour, which was changed in the "
        f"images of {count_text(found.n)} pairs: 1 is the same order, 0 none. {_naming_text(metrics, chosen)}"
    )
    return [Check("order of the effects of colour", figure_text(found, 2), outcome, reading, meaning.strip())]


def _naming_text(metrics: MetricTable, chosen: str) -> str:
    share = metrics.single(RECOLOURED, "cause_share")
    where, elsewhere = (
        metrics.of_variant(RECOLOURED, f"names_colour_{place}", chosen) for place in ("where_cause", "elsewhere")
    )
    if share is None or where is None or elsewhere is None:
        return ""
    texts = [number_text(one.value, PERCENT, 1) for one in (share, where, elsewhere)]
    return (
        f"Colour is a cause in {texts[0]} % of them; the method that answers names it first in {texts[1]} % of those "
        f"and in {texts[2]} % of the others."
    )


def _size_check(metrics: MetricTable) -> list[Check]:
    """Return whether the predicted effects of colour leave none over."""
    found = metrics.of_variant(RECOLOURED, "calibration_intercept", CALIBRATED)
    mean = metrics.single(RECOLOURED, "mean_effect")
    if found is None or found.value is None or mean is None or mean.value is None:
        return []
    moved = f"{'lowers' if found.value >= 0 else 'raises'} the score by {number_text(abs(found.value), decimals=3)}"
    outcome = WEAK if abs(found.value) > _HALF_THE_EFFECT * abs(mean.value) else GOOD
    reading = (
        f"changing the colour {moved} where none of that is predicted"
        if outcome == WEAK
        else "most of what changing the colour does to the score is in the predicted effects on average"
    )
    meaning = (
        "The fall where the predicted effect is 0 (intercept), in units of the similarity; 0 is right. Changing the "
        f"colour lowers the score by {figure_text(mean)} on average."
    )
    return [Check("size of the predicted effects of colour", figure_text(found), outcome, reading, meaning)]
