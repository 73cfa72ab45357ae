"""The comparison of maps with and without foils, from a run's store."""

import pytest

from benchmarks.foil_faithfulness import FIXED, FOIL, SCORES, compare_with_foils, markdown
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

ASKED = ('saliency.generators=["rise", "centre", "random"]', 'saliency.rise.modes=["fixed", "foil"]')


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("run"), masks="100"))
    for stage in ("rise.foil", "rise.fixed", "centre.fixed"):
        finished.run(*ASKED, until=f"saliency_maps.test.{stage}")
    return finished


def test_each_map_is_best_for_the_score_that_it_is_of(run: FinishedRun) -> None:
    found = compare_with_foils(run.settings(*ASKED), 30, 10)
    # Maps that are not there are left out.
    assert {kind for kind, _ in found.areas} == {FIXED, FOIL, ("centre", "fixed")}
    match, contrast = (found.differences[score].interval for score in SCORES)
    assert match.n == contrast.n == found.areas[FIXED, SCORES[0]].n == 24
    assert match.value < 0 < contrast.value
    for score in SCORES:
        apart = found.areas[FOIL, score].value - found.areas[FIXED, score].value
        assert found.differences[score].interval.value == pytest.approx(apart)
    lines = markdown(found).splitlines()
    assert len(lines) == 6
    assert lines[-1].startswith("| rise | foil − fixed | -")


def test_a_run_without_foils_is_named(run: FinishedRun) -> None:
    with pytest.raises(SystemExit, match="not current: maps of rise"):
        compare_with_foils(run.settings(ASKED[0]), 4, 10)
