"""Keeping a result across a change of code, on the user's word."""

import dataclasses

import pyarrow as pa
import pytest

from flows.engine import plan as plan_module
from flows.engine.adopt import adopt_stage, in_schema
from flows.engine.code_identity import stage_code
from flows.engine.errors import BadRequest
from flows.engine.plan import StagePlan
from flows.engine.plan_graph import plan_stages
from flows.engine.stage import Stage
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from stores.manifests import Manifest
from stores.table_schema import NUMBER, TEXT, Column, TableSchema
from tests.flows.run_cases import FinishedRun

MAPS = "saliency_maps.test.rise.fixed"


def changed_code(job: str, code: tuple[str, ...], packages: tuple[str, ...]) -> dict[str, str]:
    known = stage_code(job, code, packages)
    return {name: "0" * 64 if name == "pipeline.saliency.rise.masks" else digest for name, digest in known.items()}


@pytest.fixture
def changed_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the code of RISE's masks differ, as after an edit."""
    monkeypatch.setattr(plan_module, "stage_code", changed_code)


def plans_of(run: FinishedRun, *overrides: str) -> dict[str, StagePlan]:
    plans = plan_stages(build_stages(run.settings(*overrides)), ArtifactStore(str(run.store)))
    return {plan.stage.name: plan for plan in plans}


def adopt(run: FinishedRun, stage: Stage, *overrides: str) -> Manifest:
    manifests = {name: plan.manifest for name, plan in plans_of(run, *overrides).items() if plan.manifest is not None}
    return adopt_stage(stage, ArtifactStore(str(run.store)), manifests)


@pytest.mark.usefixtures("changed_masks")
def test_a_result_is_kept_after_a_change_of_code_and_says_so(run_copy: FinishedRun) -> None:
    old = run_copy.manifest(MAPS)
    plans = plans_of(run_copy)
    assert plans[MAPS].state == "stale"
    assert plans["metrics"].state == "pending"
    new = adopt(run_copy, plans[MAPS].stage)
    assert new.adopted_from == old.fingerprint != new.fingerprint
    assert new.digests == old.digests
    assert not set(new.shard_keys) & set(old.shard_keys)
    store = ArtifactStore(str(run_copy.store))
    assert {commit.provenance["adopted_from"] for commit in store.read_commits(new)} == {old.fingerprint}
    # Equal values: what follows is current again, except through the other splits' maps.
    assert plans_of(run_copy)["faithfulness.rise.fixed"].state == "current"


@pytest.mark.parametrize("name", ["images", "similarity_model", "metrics", "report"])
def test_every_kind_of_part_can_be_kept(run_copy: FinishedRun, name: str) -> None:
    old = run_copy.manifest(name)
    stage = dataclasses.replace(plans_of(run_copy)[name].stage, version=2)
    new = adopt(run_copy, stage)
    assert (new.adopted_from, new.digest) == (old.fingerprint, old.digest)
    store = ArtifactStore(str(run_copy.store))
    for before, after in zip(store.read_commits(old), store.read_commits(new), strict=True):
        assert after.counts == before.counts
        assert {name: part.digest for name, part in after.parts.items()} == {
            name: part.digest for name, part in before.parts.items()
        }


def test_a_current_result_is_left_as_it_is(run_copy: FinishedRun) -> None:
    old = run_copy.manifest(MAPS)
    assert adopt(run_copy, plans_of(run_copy)[MAPS].stage) == old


def test_changed_settings_are_refused(run_copy: FinishedRun) -> None:
    change = "saliency.rise.masks=25"
    with pytest.raises(BadRequest) as refused:
        adopt(run_copy, plans_of(run_copy, change)[MAPS].stage, change)
    assert refused.value.where == f"--adopt {MAPS}"
    assert refused.value.found == "settings that changed, not only code"


def test_changed_inputs_are_refused(run_copy: FinishedRun) -> None:
    change = "pairs.test=20"
    run_copy.run(change, until="pairs.test")
    with pytest.raises(BadRequest) as refused:
        adopt(run_copy, plans_of(run_copy, change)[MAPS].stage, change)
    assert refused.value.found == "inputs that changed, not only code"


def test_nothing_to_keep_is_refused(run_copy: FinishedRun) -> None:
    stage = plans_of(run_copy)["vocabulary"].stage
    with pytest.raises(BadRequest) as refused:
        adopt_stage(stage, ArtifactStore(str(run_copy.config.parent / "elsewhere")), {})
    assert refused.value.found == "no earlier result"


@pytest.mark.usefixtures("changed_masks")
def test_a_stage_that_waits_for_another_is_refused(run_copy: FinishedRun) -> None:
    with pytest.raises(BadRequest) as refused:
        adopt(run_copy, plans_of(run_copy)["explanation_weights"].stage)
    assert refused.value.found == "an upstream stage that is not current"


def test_tables_of_earlier_code_get_the_columns_of_todays() -> None:
    schema = TableSchema(
        "made",
        "One row.",
        (Column("old", NUMBER, "m"), Column("new", TEXT, "m", nullable=True), Column("must", TEXT, "m")),
    )
    table = pa.table({"gone": [1, 2], "old": [0.5, 1.5]})
    fitted = in_schema(table, schema)
    assert fitted.to_pylist() == [{"old": 0.5, "new": None}, {"old": 1.5, "new": None}]
    # What may not be null is missing still, and the writer refuses the table.
    assert "must" not in fitted.column_names
    assert fitted.schema.field("new").type == pa.string()
