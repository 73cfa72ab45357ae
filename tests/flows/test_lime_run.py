"""LIME in a whole run: its notes and passes as recorded, and what makes its maps stale."""

import pytest

from flows.costs.estimate import RunCosts
from flows.engine.plan_graph import plan_stages
from flows.settings.generators import SECTIONS
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables

ASKED = ('saliency.generators=["rise", "lime"]', "saliency.lime.samples=40")
MAPS = "saliency_maps.test.lime.fixed"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("planted")))
    finished.run(*ASKED, until=MAPS)
    return finished


def test_every_map_has_its_notes_and_passes_stay_within_the_plan(planted: FinishedRun) -> None:
    settings = planted.settings(*ASKED)
    tables = Tables(settings)
    # RISE notes nothing, so all notes are LIME's.
    rows = tables.ask("select pair_id, note, value from map_notes order by pair_id, note")
    pairs = {row["pair_id"] for row in tables.ask("select pair_id from pairs where split = 'test'")}
    assert {row["pair_id"] for row in rows} == pairs
    assert [row["note"] for row in rows[:3]] == ["alpha", "nonzero", "superpixels"]
    assert len(rows) == 3 * len(pairs)
    for alpha, nonzero, superpixels in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        assert 0 <= nonzero["value"] <= superpixels["value"]
        assert alpha["value"] >= 0
    [taken] = tables.ask(
        f"select sum(forward_passes) as passes, sum(pairs) as pairs from runtime where stage = '{MAPS}'"
    )
    queries = len({row["query"] for row in tables.ask("select query from pairs where split = 'test'")})
    # Items are cut into few superpixels, so that samples repeat: whatever the number of references.
    most = sum(min(40, 2 ** int(row["value"])) for row in rows[2::3]) / len(pairs) * queries
    assert queries < taken["passes"] <= most + 1e-9
    assert taken["pairs"] == len(pairs)


def test_the_plan_is_a_bound(planted: FinishedRun) -> None:
    settings = planted.settings(*ASKED, "store.root=elsewhere")
    store = ArtifactStore(settings.store.root)
    plans = plan_stages(build_stages(settings), store)
    costs = {cost.plan.stage.name: cost for cost in RunCosts(store, 1, "none", lambda _: None).of_seed(settings, plans)}
    [queries] = Tables(planted.settings(*ASKED)).ask(
        "select count(distinct query) as n from pairs where split = 'test'"
    )
    assert costs[MAPS].is_upper_bound
    assert costs[MAPS].forward_passes == 40 * queries["n"]


def test_settings_that_a_regression_ignores_leave_maps_current(planted: FinishedRun) -> None:
    def state(*overrides: str) -> str:
        return str(planted.status(*ASKED, *overrides)[MAPS]["state"])

    assert state() == state("saliency.lime.ridge_alpha=3") == state("saliency.rise.masks=99") == "current"
    for changed in ("saliency.lime.selection=cross_validation", "saliency.lime.regression=ridge"):
        assert state(changed) == "stale"
    assert state("saliency.lime.kernel_size=6") == "stale"


def test_both_is_refused() -> None:
    with pytest.raises(ValueError, match="(?s)modes.*'fixed'"):
        SECTIONS["lime"].model_validate({"modes": ["both"]})
