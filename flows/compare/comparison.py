"""Two sides compared on the pairs that both explain."""

import numpy as np

from flows.compare.map_agreement import read_map_agreements
from flows.compare.measures import has_answers, read_answers, read_measures
from flows.compare.settings_differences import settings_differences
from flows.compare.shared_pairs import SharedPairs, measured_pairs
from flows.compare.sides import Side
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.model_comparison.answers import AnswerChanges, answer_changes
from pipeline.evaluation.model_comparison.figures import compared_figures
from pipeline.evaluation.shared_units import few_clusters
from pipeline.report.comparison_page.evidence import Comparison, ModelFacts


def compare_sides(first: Side, second: Side, shared: SharedPairs) -> Comparison:
    """Return what differs of two models, their figures with paired tests, changed answers and agreement of maps.

    Raises:
        StoreError: a store cannot be read.
        BadSetting: fewer than 1 bootstrap sample.
    """
    pairs = measured_pairs(first, shared)
    n_clusters = len(np.unique(pairs.clusters_p))
    return Comparison(
        _facts(first),
        _facts(second),
        len(shared.pair_ids),
        str(first.facts["shared_unit"]),
        n_clusters,
        tuple(_notes(first, second, shared, n_clusters)),
        tuple(settings_differences(first, second)),
        tuple(compared_figures(pairs, read_measures(first, second, shared))),
        _answer_changes(first, second, shared, pairs),
        tuple(read_map_agreements(first, second, shared, pairs)),
    )


def _answer_changes(first: Side, second: Side, shared: SharedPairs, pairs: MeasuredPairs) -> AnswerChanges | None:
    if not (has_answers(first) and has_answers(second)):
        return None
    of_first, of_second = read_answers(first), read_answers(second)
    return answer_changes(
        pairs, [of_first[row] for row in shared.first_rows], [of_second[row] for row in shared.second_rows]
    )


def _facts(side: Side) -> ModelFacts:
    facts = side.facts
    return ModelFacts(
        side.name, str(facts["similarity_model"]), str(facts["dataset"]), side.seed, len(side.frame.pair_ids)
    )


def _notes(first: Side, second: Side, shared: SharedPairs, n_clusters: int) -> list[str]:
    notes = [
        f"{side.name} has results of seeds {', '.join(map(str, side.other_seeds))}, too; seed {side.seed} is compared. "
        f"--set-{letter} evaluation.seeds=[{side.other_seeds[0]}] chooses another."
        for letter, side in (("a", first), ("b", second))
        if side.other_seeds and side.run is None
    ]
    if shared.other_images:
        notes.append(
            f"{shared.other_images} images of these pairs have the same id in both but other content: what is "
            "compared there is not one pair."
        )
    if first.frame.attribute_names != second.frame.attribute_names:
        notes.append("The two know different attributes, so answers may differ for that alone.")
    without = dict.fromkeys(side.name for side in (first, second) if not has_answers(side))
    notes += [f"Images of {name} have no attributes, so nothing is said of answers." for name in without]
    if few_clusters(n_clusters):
        notes.append(f"Intervals rest on {n_clusters} clusters: they speak of these alone, not of others like them.")
    return notes
