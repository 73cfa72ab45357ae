"""A store made by the code of an earlier commit is carried over by `sane run --adopt all`: its values stay."""

import json
import re
import tarfile
from pathlib import Path

import pytest

from flows.engine.code_identity import stage_code
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from stores.fingerprints import changed_ingredients
from stores.manifests import Manifest
from tests.flows.run_cases import FinishedRun, invoke, states

ARCHIVE = Path(__file__).parent / "run-0.1.tar.xz"
# Settings that have been added to stages since, on purpose; such a stage is computed again. Whoever changes the
# settings of another stage names it here, in the changelog, and says there what it costs users.
CHANGED_SETTINGS = {"report": {"settings.templates"}}


@pytest.fixture
def old_run(tmp_path: Path) -> FinishedRun:
    """The kept run, unpacked."""
    with tarfile.open(ARCHIVE) as packed:
        packed.extractall(tmp_path, filter="data")
    return FinishedRun(tmp_path / "planted.toml")


def changes(run: FinishedRun, *overrides: str) -> dict[str, set[str]]:
    """Return the ingredients that changed since the store was made, by stage; of code only that it did."""
    found = {}
    for stage in build_stages(run.settings(*overrides)):
        kept = run.manifest(stage.name).ingredients
        now = {"code": stage_code(stage.job, stage.code, stage.packages), "settings": dict(stage.settings)}
        named = [path for path, _, _ in changed_ingredients({name: kept[name] for name in now}, now)]
        found[stage.name] = {"code" if path.startswith("code.") else path for path in named}
    return found


def manifests(run: FinishedRun) -> dict[str, Manifest]:
    store = ArtifactStore(str(run.store))
    return {stage: run.manifest(stage) for stage in store.stages()}


def test_of_every_stage_nothing_but_code_has_changed(old_run: FinishedRun) -> None:
    status = old_run.status()
    assert set(status) == set(manifests(old_run))
    assert states(status, "stale", "pending") == set(status)
    assert changes(old_run) == {stage: {"code"} | CHANGED_SETTINGS.get(stage, set()) for stage in status}


def test_the_check_above_can_fail(old_run: FinishedRun) -> None:
    assert changes(old_run, "saliency.rise.masks=9")["saliency_maps.test.rise.fixed"] == {"code", "settings.spec.masks"}


def test_adopting_all_computes_the_report_alone_and_keeps_every_value(old_run: FinishedRun) -> None:
    old = manifests(old_run)
    result = invoke("run", old_run.config, "--adopt", "all")
    assert result.exit_code == 0, result.output
    assert f"{len(old) - len(CHANGED_SETTINGS)} results kept although code changed" in result.stdout
    assert f"seed 0: {len(CHANGED_SETTINGS)} shards computed" in result.stdout
    new = manifests(old_run)
    kept = {stage for stage, manifest in new.items() if manifest.adopted_from == old[stage].fingerprint}
    assert kept == set(old) - set(CHANGED_SETTINGS)
    assert {stage: new[stage].digests for stage in kept} == {stage: old[stage].digests for stage in kept}
    status = old_run.status()
    assert states(status, "current") == set(status)
    assert old_run.computed() == {}
    verified = json.loads(invoke("verify", old_run.config, "--format", "json").stdout)
    assert verified["problems"] == []


def test_the_kept_run_does_not_say_where_it_was_made(old_run: FinishedRun) -> None:
    records = [path for path in old_run.config.parent.rglob("*") if path.suffix in (".json", ".toml", ".py")]
    assert len(records) > 50
    # A path of a machine, or the name of one.
    telling = re.compile(rb'"/[a-z]+/|host')
    assert [path for path in records if telling.search(path.read_bytes())] == []
