"""The study of how measures agree: a measure that is the truth is believed, its opposite and a constant are not."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import metric_agreement
from benchmarks.metric_agreement import JudgedMaps
from pipeline.evaluation.bootstrap import Resampling
from tests.pipeline.evaluation.broken_copy import broken_copy

GENERATORS = [("rise", "fixed"), ("grad_cam", "fixed"), ("random", "fixed"), ("centre", "fixed")]
RNG = np.random.default_rng(0)
# The controls are worse than the others, each by more than pairs differ.
AUROC = RNG.random((4, 40)) - 2 * np.arange(4)[:, None]
OTHER_TRUTHS = {"relevance_rank_accuracy": RNG.random((4, 40)), "mass_rank_correlation": -AUROC}
MEASURES = {
    **dict.fromkeys(metric_agreement.MEASURES, RNG.random((4, 40))),
    "insertion_auc": AUROC,
    "deletion_auc": -AUROC,
    "gini": np.ones((4, 40)),
    # The blob is best, and the others are in order.
    "map_change": np.where(np.arange(4)[:, None] == 3, 9, AUROC),
}
MAPS = JudgedMaps(GENERATORS, MEASURES, {"auroc": AUROC, **OTHER_TRUTHS}, np.arange(40) // 4)


def cells(table: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert {len(row) for row in rows} == {len(rows[0])}
    return {row[0]: row[1:] for row in rows}


def check_truths(module) -> None:
    found = cells(module.truth_table(MAPS, Resampling(0, 100)))
    assert list(found)[2:] == list(metric_agreement.MEASURES)
    over_generators, over_pairs = found["insertion_auc"][:3], found["insertion_auc"][3:6]
    assert (over_generators[0], over_generators[2]) == ("1.00", "-1.00")
    assert (over_pairs[0], over_pairs[2]) == ("1.00", "-1.00")
    assert found["insertion_auc"][6:8] == ["1.00 [1.00, 1.00]"] * 2
    assert found["deletion_auc"][6:8] == ["0.00 [0.00, 0.00]"] * 2
    assert found["gini"][0] == found["gini"][3] == "–"
    assert found["gini"][6] == "0.50 [0.50, 0.50]"
    # Half of the six choices are with the blob, and wrong; between generators that know the model all are right.
    assert found["map_change"][6:8] == ["0.50 [0.50, 0.50]", "1.00 [1.00, 1.00]"]
    assert found["gini"][8] == "none"


def test_what_is_the_truth_is_believed() -> None:
    check_truths(metric_agreement)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(maps, models)\n", "(maps, maps)\n"),
        ('one.truths["auroc"]', 'one.truths["mass_rank_correlation"]'),
        ("over_pairs(values_gp, truth_gp)", "over_pairs(values_gp, -truth_gp)"),
    ],
    ids=["controls everywhere", "another truth", "sign"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        check_truths(broken_copy(metric_agreement, tmp_path, right, wrong))


def test_means_are_printed_as_they_are_stored() -> None:
    found = [line.strip("|").split("|") for line in metric_agreement.means_table(MAPS).splitlines()]
    column = [name.strip() for name in found[0]].index("deletion_auc")
    # Turned in the study, since less deletion is better; not in the table.
    assert found[2][column].strip() == f"{AUROC[0].mean():.2f}"
    assert [row[0].strip() for row in found[2:]] == [name for name, _ in GENERATORS]


def test_measures_agree_with_each_other_both_ways() -> None:
    found = cells(metric_agreement.between_table(MAPS))
    names = list(MEASURES)
    assert found["insertion_auc"][names.index("deletion_auc")] == "-1.00"
    assert found["deletion_auc"][names.index("insertion_auc")] == "-1.00"
    assert found["insertion_auc"][names.index("insertion_auc")] == "1.00"
