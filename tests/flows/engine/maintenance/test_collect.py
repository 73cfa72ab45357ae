"""sane gc deletes what nobody wants and nothing else, whenever it is killed and whoever works meanwhile."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.commands.collect import look
from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.maintenance.collect import delete_found
from stores.artifacts import ArtifactStore
from stores.leases import HeldLease, acquire
from tests.flows.run_cases import FinishedRun, invoke, refusal, run_quietly

CHANGE = "explanation.weight_grid_step=0.25"
EXPLAINED = {"explanations", "explanations.valid", "answers"}
# What people look at, made last.
SHOWN = {"pair_pages.test", "report"}
CHANGED_STAGES = {"explanation_weights", *EXPLAINED, "audit", "metrics", *SHOWN}
# They wait for the answers, whose attributes stay what they were.
UNCHANGED_AFTER_ANSWERS = {"answer_sets", "group_effects.test"}

KILLED = """
import os, signal, sys
from stores.location import Location
config, moment = sys.argv[1], int(sys.argv[2])
remove = Location.remove_tree
removed = 0

def remove_and_die(self):
    global removed
    remove(self)
    removed += 1
    if removed == moment:
        os.kill(os.getpid(), signal.SIGKILL)

Location.remove_tree = remove_and_die
from flows.cli import app
app(["gc", config, "--delete"])
"""


@pytest.fixture(scope="module")
def two_results(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A store with the results of two configurations that share most of them; not to be written to."""
    run = finished_run.copy_to(tmp_path_factory.mktemp("two") / "copy")
    assert set(run.computed(CHANGE)) == CHANGED_STAGES
    return run


@pytest.fixture
def copy(two_results: FinishedRun, tmp_path: Path) -> FinishedRun:
    return two_results.copy_to(tmp_path / "copy")


def collect(run: FinishedRun, *options: str) -> dict[str, Any]:
    result = invoke("gc", run.config, "--format", "json", *options)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def stages_of(answer: dict[str, Any]) -> set[str]:
    return {row["stage"] for row in answer["stages"]}


def files_of(run: FinishedRun) -> dict[str, int]:
    files = (path for path in run.store.rglob("*") if path.is_file())
    return {str(path.relative_to(run.store)): path.stat().st_size for path in files}


def is_whole(run: FinishedRun) -> bool:
    result = invoke("verify", run.config, "--all", "--format", "json")
    assert result.exit_code in (0, 1), result.output
    return result.exit_code == 0


def lease_on(run: FinishedRun, stage: str, fingerprint: str = "0" * 64, **covers: str) -> HeldLease:
    lease = acquire(ArtifactStore(str(run.store)).root, "another run", stage, fingerprint, covers)
    assert isinstance(lease, HeldLease)
    return lease


def test_of_a_finished_run_nothing_is_collected(finished_run: FinishedRun) -> None:
    answer = collect(finished_run)
    assert (answer["stages"], answer["total"]["files"], answer["deleted"]) == ([], 0, False)
    assert "all that the store holds is needed" in invoke("gc", finished_run.config).stdout


def shards_of_pages(run: FinishedRun, *overrides: str) -> set[str]:
    fingerprint = run.status(*overrides)["pair_pages.test"]["fingerprint"]
    manifest = ArtifactStore(str(run.store)).read_manifest("pair_pages.test", fingerprint)
    assert manifest is not None
    return set(manifest.shard_keys)


def test_the_results_of_another_configuration_are_shown_and_then_deleted(copy: FinishedRun) -> None:
    before = files_of(copy)
    shown = collect(copy)
    assert stages_of(shown) == CHANGED_STAGES
    # Pages are cut by query; those of images and styles serve both configurations.
    pages = shards_of_pages(copy, CHANGE) - shards_of_pages(copy)
    assert pages
    assert (shown["total"]["manifests"], shown["total"]["shards"]) == (8, 7 + len(pages))
    assert files_of(copy) == before  # dry
    deleted = collect(copy, "--delete")
    gone = set(before) - set(files_of(copy))
    assert deleted == {**shown, "deleted": True}
    assert (deleted["total"]["files"], deleted["total"]["size_bytes"]) == (
        len(gone),
        sum(before[name] for name in gone),
    )
    assert is_whole(copy)
    assert copy.computed() == {}
    assert set(copy.status(CHANGE, command="plan")) == CHANGED_STAGES | UNCHANGED_AFTER_ANSWERS


def test_what_any_of_the_configurations_wants_is_kept(copy: FinishedRun) -> None:
    other = copy.config.with_name("other.toml")
    other.write_text(copy.config.read_text() + "[explanation]\nweight_grid_step = 0.25\n")
    assert collect(copy, str(other))["stages"] == []
    elsewhere = copy.config.with_name("elsewhere.toml")
    elsewhere.write_text(copy.config.read_text().replace('root = "store"', 'root = "another"'))
    assert "one store" in refusal(invoke("gc", copy.config, elsewhere), 2)


def test_shards_that_a_wanted_result_shares_are_kept(run_copy: FinishedRun) -> None:
    wanted = run_copy.manifest("images")
    run_quietly(run_copy.settings("dataset.test_items=41"), until="images")
    other = run_copy.manifest("images")
    shared = set(wanted.shard_keys) & set(other.shard_keys)
    assert shared
    assert set(other.shard_keys) - shared
    answer = collect(run_copy, "--delete")
    assert stages_of(answer) == {"images"}
    assert answer["total"]["shards"] == len(set(other.shard_keys) - shared)
    assert is_whole(run_copy)
    assert run_copy.computed() == {}


def test_the_work_of_a_killed_run_is_kept_but_for_what_no_commit_names(run_copy: FinishedRun) -> None:
    stage = "saliency_maps.test.rise.fixed"
    manifest = run_copy.manifest(stage)
    folder = run_copy.store / stage
    (folder / f"{manifest.fingerprint}.json").unlink()
    (folder / "shards" / manifest.shard_keys[0] / "commit.json").unlink()
    (folder / "shards" / manifest.shard_keys[1] / "maps-of-a-killed-writer.zarr").mkdir()
    (folder / "shards" / manifest.shard_keys[1] / "maps-of-a-killed-writer.zarr" / "zarr.json").write_text("{")
    for key in (*manifest.shard_keys[:2], "0" * 64):
        (folder / "checkpoints" / key).mkdir(parents=True)
        (folder / "checkpoints" / key / "epoch-000001.safetensors").write_text("x")
    (folder / ".unfinished-0123").write_text("half a manif")
    answer = collect(run_copy, "--delete")
    (row,) = answer["stages"]
    kinds = ("stage", "manifests", "shards", "leftovers", "checkpoints", "unfinished")
    assert [row[kind] for kind in kinds] == [stage, 0, 0, 2, 2, 1]
    assert [path.name for path in (folder / "checkpoints").iterdir()] == [manifest.shard_keys[0]]
    assert any("not known yet what is wanted of" in note for note in answer["notes"])
    # Shard 0 lost its commit above; the four others were kept.
    assert run_copy.computed() == {stage: 1}
    assert is_whole(run_copy)


def test_a_named_run_keeps_its_results_until_it_is_unpinned(copy: FinishedRun) -> None:
    assert invoke("run", copy.config, "--set", CHANGE, "--name", "paper").exit_code == 0
    answer = collect(copy, "--delete")
    assert answer["stages"] == []
    assert "run paper is named, so its results are kept" in answer["notes"]
    before = files_of(copy)
    assert stages_of(collect(copy, "--unpin", "paper")) == CHANGED_STAGES
    assert files_of(copy) == before  # dry: the name is kept as well
    assert stages_of(collect(copy, "--unpin", "paper", "--delete")) == CHANGED_STAGES
    assert collect(copy)["notes"] == []
    assert "'paper'" in refusal(invoke("gc", copy.config, "--unpin", "paper"), 2)


def test_what_a_live_lease_covers_is_kept_with_its_stage(copy: FinishedRun) -> None:
    report = copy.manifest("report")
    assert report.fingerprint not in {row["fingerprint"] for row in copy.status().values()}
    with lease_on(copy, "explanation_weights"):
        answer = collect(copy, "--delete")
        assert stages_of(answer) == CHANGED_STAGES - {"explanation_weights"}
        assert any("another run works on it" in note for note in answer["notes"])
    assert stages_of(collect(copy)) == {"explanation_weights"}


def test_a_covered_result_is_kept_with_all_that_it_was_made_from(copy: FinishedRun) -> None:
    with lease_on(copy, "images", metrics=copy.manifest("metrics").fingerprint):
        assert stages_of(collect(copy, "--delete")) == SHOWN
    assert stages_of(collect(copy)) == CHANGED_STAGES - SHOWN


def test_a_lease_taken_after_the_look_is_respected(copy: FinishedRun) -> None:
    collection = look([("planted.toml", copy.settings())], None)
    assert {item.stage for item in collection.garbage} == CHANGED_STAGES
    with lease_on(copy, "metrics"):
        deleted = list(delete_found(collection, None))
    # What the results of the stage were made from stays with them.
    assert {item.stage for item in deleted} == SHOWN
    assert is_whole(copy)


def test_a_result_finished_after_the_look_is_respected(copy: FinishedRun) -> None:
    manifest = copy.manifest("metrics")
    place = copy.store / "metrics" / f"{manifest.fingerprint}.json"
    place.rename(copy.store.parent / "aside.json")
    collection = look([("planted.toml", copy.settings())], None)
    # A run takes up the committed shard, writes the manifest and is over before anything is deleted.
    (copy.store.parent / "aside.json").rename(place)
    deleted = {item.stage for item in delete_found(collection, None)}
    assert deleted == SHOWN
    assert is_whole(copy)
    assert place.exists()


@pytest.mark.slow
@pytest.mark.parametrize("moment", [2, 4])
def test_a_kill_anywhere_leaves_less_and_nothing_damaged(copy: FinishedRun, moment: int) -> None:
    before = files_of(copy)
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(copy.config), str(moment)],
        cwd=SOURCE_ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    assert set(files_of(copy)) < set(before)
    assert is_whole(copy)
    assert copy.computed() == {}
    collect(copy, "--delete")
    assert collect(copy)["stages"] == []


def test_expired_leases_and_unfinished_files_beside_the_stages_go_when_no_run_is_live(copy: FinishedRun) -> None:
    collect(copy, "--delete")
    dead = "import os, signal, sys; from stores.leases import acquire; from stores.location import Location\n"
    dead += "acquire(Location.parse(sys.argv[1]), 'dead', 'images', '0' * 64, {}); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", dead, str(copy.store)], cwd=SOURCE_ROOT, check=False)
    (copy.store / ".unfinished-4567").write_text("half a report")
    with lease_on(copy, "images", "1" * 64):
        answer = collect(copy)["total"]
        assert (answer["leases"], answer["unfinished"]) == (1, 0)
    answer = collect(copy, "--delete")["total"]
    assert (answer["leases"], answer["unfinished"], answer["files"]) == (1, 1, 2)
    assert list((copy.store / "leases").iterdir()) == []
    assert not (copy.store / ".unfinished-4567").exists()


def test_a_damaged_store_is_not_cleaned(copy: FinishedRun) -> None:
    row = copy.status()["metrics"]
    (copy.store / "metrics" / f"{row['fingerprint']}.json").write_text("{")
    before = files_of(copy)
    assert "sane verify CONFIG --repair" in refusal(invoke("gc", copy.config, "--delete"), 1)
    assert files_of(copy) == before


def test_files_that_are_no_artifacts_are_never_touched(copy: FinishedRun) -> None:
    (copy.store / "notes").mkdir()
    (copy.store / "notes" / "shards.txt").write_text("mine")
    (copy.store / "notes" / f"{'0' * 64}.json").write_text("{}")
    (copy.store / "metrics" / "remarks.json").write_text("{}")
    collect(copy, "--delete")
    assert len(list((copy.store / "notes").iterdir())) == 2
    assert (copy.store / "metrics" / "remarks.json").exists()
