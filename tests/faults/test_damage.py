"""Damage of every kind to a finished store is found, named, and mended by computing what is damaged and no more."""

import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from stores.artifacts import ArtifactStore
from tests.faults.damage import KINDS, flip_byte, kind_of, means_the_same, pick_files
from tests.flows.run_cases import FinishedRun, invoke, refusal, states

FLIPS = {
    "manifest": 10,
    "commit": 12,
    "zarr metadata": 11,
    "zarr chunk": 12,
    "parquet": 11,
    "safetensors": 2,
    "zip": 2,
}


def verify(run: FinishedRun, *options: str, exit_code: int) -> dict[str, Any]:
    result = invoke("verify", run.config, "--format", "json", *options)
    assert result.exit_code == exit_code, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def files_named(run: FinishedRun, answer: dict[str, Any]) -> set[str]:
    return {str(Path(problem["file"]).relative_to(run.store)) for problem in answer["problems"]}


def results(run: FinishedRun) -> dict[str, tuple[str, str]]:
    """The current result of every stage: its fingerprint and the digest of its values.

    Not that of the report: the page shows when its stages were made, and how long they took.
    """
    store = ArtifactStore(str(run.store))
    found = {}
    for stage, row in run.status().items():
        manifest = store.read_manifest(stage, row["fingerprint"])
        assert manifest is not None
        found[stage] = (manifest.fingerprint, "" if stage == "report" else manifest.digest)
    return found


def damaged_shards(files: list[Path]) -> Counter[str]:
    """How many shards of each stage have a damaged file; a manifest costs no shard."""
    return Counter(file.parts[0] for file in files if kind_of(file) != "manifest")


def mends(run: FinishedRun, whole: FinishedRun, computed: dict[str, int]) -> None:
    """Repair, run, and compare with the undamaged store; `computed` are the shards to compute, by stage."""
    repaired = verify(run, "--repair", exit_code=0)["repair"]
    assert Counter(shard["stage"] for shard in repaired["removed_shards"]) == computed
    assert run.computed() == computed
    assert results(run) == results(whole)
    assert verify(run, exit_code=0)["problems"] == []


def test_an_undamaged_store_has_no_problem_and_every_file_is_read(finished_run: FinishedRun) -> None:
    answer = verify(finished_run, exit_code=0)
    stages = finished_run.status()
    artifacts = [path for stage in stages for path in (finished_run.store / stage).rglob("*") if path.is_file()]
    assert answer["problems"] == answer["notes"] == []
    assert answer["checked"]["files"] == len(artifacts)
    assert answer["checked"]["size_bytes"] == sum(path.stat().st_size for path in artifacts)


@pytest.mark.slow
def test_sixty_flipped_bytes_are_found_and_only_their_shards_are_computed_again(
    finished_run: FinishedRun, run_copy: FinishedRun
) -> None:
    assert set(FLIPS) == set(KINDS)
    assert sum(FLIPS.values()) == 60
    draw = random.Random("sixty flipped bytes")
    files = pick_files(run_copy.store, FLIPS, draw)
    flips = {str(file): flip_byte(run_copy.store / file, draw) for file in files}
    silent = {
        str(file)
        for file in files
        if means_the_same((finished_run.store / file).read_bytes(), (run_copy.store / file).read_bytes())
    }
    found = files_named(run_copy, verify(run_copy, exit_code=1))
    missed = [flips[name] for name in sorted(set(flips) - silent - found)]
    assert missed == [], "\n".join(missed)
    # Nothing else is called damaged, and white space that became other white space is not either.
    assert found == set(flips) - silent
    mends(run_copy, finished_run, damaged_shards([file for file in files if str(file) not in silent]))


@pytest.mark.slow
@pytest.mark.parametrize("kept_share", [0.0, 0.5], ids=["to nothing", "to half"])
def test_truncated_files_of_every_kind(finished_run: FinishedRun, run_copy: FinishedRun, kept_share: float) -> None:
    draw = random.Random(f"truncated {kept_share}")
    files = pick_files(run_copy.store, dict.fromkeys(KINDS, 1), draw)
    for file in files:
        place = run_copy.store / file
        data = place.read_bytes()
        place.write_bytes(data[: int(len(data) * kept_share)])
    assert files_named(run_copy, verify(run_copy, exit_code=1)) == {str(file) for file in files}
    mends(run_copy, finished_run, damaged_shards(files))


def test_a_deleted_shard(finished_run: FinishedRun, run_copy: FinishedRun) -> None:
    stage = "faithfulness.centre.fixed"
    key = finished_run.manifest(stage).shard_keys[1]
    shutil.rmtree(run_copy.store / stage / "shards" / key)
    assert files_named(run_copy, verify(run_copy, exit_code=1)) == {f"{stage}/shards/{key}/commit.json"}
    mends(run_copy, finished_run, {stage: 1})


def test_a_deleted_commit_of_a_stage_that_status_still_calls_current(
    finished_run: FinishedRun, run_copy: FinishedRun
) -> None:
    key = finished_run.manifest("report").shard_keys[0]
    (run_copy.store / "report" / "shards" / key / "commit.json").unlink()
    assert states(run_copy.status(), "current") == set(finished_run.status())
    assert files_named(run_copy, verify(run_copy, exit_code=1)) == {f"report/shards/{key}/commit.json"}
    mends(run_copy, finished_run, {"report": 1})


def test_a_deleted_commit_that_keeps_later_stages_from_being_planned(
    finished_run: FinishedRun, run_copy: FinishedRun
) -> None:
    stage = "pairs.test"
    key = finished_run.manifest(stage).shard_keys[0]
    (run_copy.store / stage / "shards" / key / "commit.json").unlink()
    assert "sane verify CONFIG --repair" in refusal(invoke("status", run_copy.config), 1)
    # The results of the stages that cannot be planned are looked at all the same.
    answer = verify(run_copy, exit_code=1)
    assert files_named(run_copy, answer) == {f"{stage}/shards/{key}/commit.json"}
    assert answer["checked"]["shards"] == verify(finished_run, exit_code=0)["checked"]["shards"]
    assert any("not known yet" in note for note in answer["notes"])
    mends(run_copy, finished_run, {stage: 1})


@pytest.mark.parametrize("file", ["maps/c/0/0/0/0", "maps/zarr.json", "zarr.json"])
def test_a_deleted_file_of_an_array(finished_run: FinishedRun, run_copy: FinishedRun, file: str) -> None:
    stage = "saliency_maps.test.centre.fixed"
    folder = run_copy.store / stage / "shards" / finished_run.manifest(stage).shard_keys[0]
    (group,) = folder.glob("maps-*.zarr")
    (group / file).unlink()
    found = files_named(run_copy, verify(run_copy, exit_code=1))
    assert found == {str((group / file).relative_to(run_copy.store))}


def test_a_deleted_manifest(finished_run: FinishedRun, run_copy: FinishedRun) -> None:
    for stage in ("embeddings", "report"):
        name = f"{stage}/{finished_run.manifest(stage).fingerprint}.json"
        (run_copy.store / name).unlink()
        assert files_named(run_copy, verify(run_copy, exit_code=1)) == {name}
        mends(run_copy, finished_run, {})


def test_a_deleted_upstream_stage(finished_run: FinishedRun, run_copy: FinishedRun) -> None:
    stage = "vocabulary"
    shutil.rmtree(run_copy.store / stage)
    found = files_named(run_copy, verify(run_copy, exit_code=1))
    assert found == {f"{stage}/{finished_run.manifest(stage).fingerprint}.json"}
    # Nothing of it is left to be removed; what is gone shows as missing, and the run makes it.
    assert verify(run_copy, "--repair", exit_code=0)["repair"]["removed_shards"] == []
    assert states(run_copy.status(), "missing") == {stage}
    assert run_copy.computed() == {stage: 1}
    assert results(run_copy) == results(finished_run)


def test_a_whole_shard_that_its_manifest_does_not_promise(finished_run: FinishedRun, run_copy: FinishedRun) -> None:
    stage = "similarities.test"
    manifest = finished_run.manifest(stage)
    place = run_copy.store / stage / f"{manifest.fingerprint}.json"
    place.unlink()
    store = ArtifactStore(str(run_copy.store))
    store.write_manifest(type(manifest)(**{**vars(manifest), "digests": ("0" * 64,)}))
    assert files_named(run_copy, verify(run_copy, exit_code=1)) == {str(place.relative_to(run_copy.store))}
    # The commit is whole, so the manifest alone goes, and is written again from it.
    mends(run_copy, finished_run, {})
