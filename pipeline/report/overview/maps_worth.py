"""What the saliency maps are worth: their faithfulness beside a blob in the centre and beside noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.report.evidence import ReportEvidence
from pipeline.report.generator_names import is_control, maps_name
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import number_text, p_value_text
from pipeline.report.overview.check import figure_text
from pipeline.saliency.declaration import FIXED

CENTRE: Final = "centre"
NOISE: Final = "random"
_SIGNIFICANT: Final = 0.05
_MORE: Final = "worth more than a blob"
_NOT_MORE: Final = "not shown to be worth more than a blob"


@dataclass(frozen=True)
class MapsWorth:
    """The faithfulness of one way of making maps.

    Attributes:
        name: generator and mode for people.
        is_control: it knows nothing of the model.
        insertion: area under the insertion curve; 1 is best.
        difference: insertion minus that of the centre blob; None for the blob, or where it was not compared.
        anchored: the same with curves between the scores of the blank and the whole image, which do not depend on the
            curve; None where that was not compared.
    """

    name: str
    is_control: bool
    insertion: Estimate
    difference: Estimate | None
    anchored: Estimate | None = None


def maps_worth(evidence: ReportEvidence) -> list[MapsWorth]:
    """Return every generator and mode whose curves were made, in the run's order, the controls last."""
    metrics = MetricTable(evidence.metrics)
    found = []
    for generator, mode in evidence.generators:
        insertion = metrics.of_generator("insertion_auc", generator, mode)
        if insertion is None or insertion.value is None:
            continue
        compared = metrics.of_compared_maps("insertion_difference", generator, mode, CENTRE)
        anchored = metrics.of_compared_maps("insertion_difference_anchored", generator, mode, CENTRE)
        found.append(MapsWorth(maps_name(generator, mode), is_control(generator), insertion, compared, anchored))
    return sorted(found, key=lambda one: one.is_control)


def worth_sentences(evidence: ReportEvidence) -> tuple[str, ...]:
    """Return what follows from the comparison with the blob and with noise, a sentence for each way of making maps."""
    metrics = MetricTable(evidence.metrics)
    found = maps_worth(evidence)
    if not found:
        return ("How faithful the maps are to the model was not measured in this run.",)
    noise = metrics.of_generator("insertion_auc", NOISE, FIXED)
    return tuple(_sentence(one, noise) for one in found if not one.is_control)


def maps_caution(evidence: ReportEvidence) -> str | None:
    """Return what keeps the first kind of maps from being read as where the model looks; None where nothing does.

    That is the kind which pictures of pairs show. None, too, where it was not compared with a blob in the centre.
    """
    first = next((one for one in maps_worth(evidence) if not one.is_control), None)
    if first is None or first.difference is None or first.difference.value is None:
        return None
    judgement = _judgement(first.difference, first.anchored)
    if judgement == _MORE:
        return None
    return f"{first.name} maps are {judgement} in the centre of the image: do not read them as where the model looks"


def _sentence(one: MapsWorth, noise: Estimate | None) -> str:
    beside = "" if noise is None or noise.value is None else f", that of noise {number_text(noise.value, decimals=3)}"
    start = f"{one.name}: the insertion area is {number_text(one.insertion.value, decimals=3)} on average{beside}"
    if one.difference is None or one.difference.value is None:
        return f"{start}; it was not compared with a blob in the centre."
    gap = one.difference
    p_value = p_value_text(gap.p_value, gap.p_is_bound)
    told = f"{figure_text(gap)}, p {_equals(p_value)}"
    if one.anchored is not None and one.anchored.value is not None:
        told += f", and {figure_text(one.anchored)} with all curves of a pair on one scale"
    return f"{start}; its difference from the blob in the centre is {told}: {_judgement(gap, one.anchored)}."


def _judgement(gap: Estimate, anchored: Estimate | None) -> str:
    """Return what both ways of scaling curves show: a gap between them is no more than a way of scaling."""
    other = None if anchored is None else anchored.value
    if gap.p_value is None or gap.p_value >= _SIGNIFICANT or gap.value is None:
        return _NOT_MORE
    if other is not None and (other > 0) != (gap.value > 0):
        return _NOT_MORE
    return _MORE if gap.value > 0 else "worth less than a blob"


def _equals(p_value: str) -> str:
    return p_value if p_value[0] in "<≤" else f"= {p_value}"


def shown_estimates(found: Sequence[MapsWorth]) -> list[tuple[str, Estimate, bool]]:
    """Return (name, insertion, is_control) of each, for a chart."""
    return [(one.name, one.insertion, one.is_control) for one in found]
