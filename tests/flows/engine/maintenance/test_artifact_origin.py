"""Any file of a result leads back to its stage, shard, inputs, device and run; others are refused."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from flows.engine.errors import BadRequest
from flows.engine.maintenance.artifact_origin import artifact_origin
from stores.artifacts import ArtifactStore
from stores.location import Location
from stores.parts import FilePart
from stores.run_records import list_runs
from tests.flows.run_cases import FinishedRun, invoke, refusal
from tests.old_stores.make_store import write_stage

STAGE = "saliency_maps.test.rise.fixed"


def origin(run: FinishedRun, path: object) -> dict[str, Any]:
    result = invoke("status", run.config, "--artifact", path, "--format", "json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_a_payload_leads_to_its_shard_result_and_run(finished_run: FinishedRun) -> None:
    manifest = finished_run.manifest(STAGE)
    store = ArtifactStore(str(finished_run.store))
    commit = store.read_commits(manifest)[2]
    told = origin(finished_run, store.part_url(commit, "map_rows"))
    assert (told["stage"], told["shard"], told["shard_key"]) == (STAGE, commit.shard_label, commit.shard_key)
    assert (told["part"], told["digest"]) == ("map_rows", commit.parts["map_rows"].digest)
    assert (told["fingerprint"], told["fingerprints"]) == (manifest.fingerprint, [manifest.fingerprint])
    assert (told["device"], told["batch_size"], told["threads"]) == ("cpu", 100, 1)
    assert told["made"] == commit.provenance["when"]
    assert told["upstream"] == manifest.upstream
    assert told["versions"]["torch"]
    # The one that made the whole store; later ones that used it may have been added by other tests.
    first = list_runs(store.root)[0]
    assert told["run_id"] == first.run_id
    assert {"run_id": first.run_id, "name": "", "state": "done"} in told["runs"]


def test_the_files_of_a_shard_share_its_origin(finished_run: FinishedRun) -> None:
    store = ArtifactStore(str(finished_run.store))
    commit = store.read_commits(finished_run.manifest(STAGE))[0]
    folder = Path(store.shard_folder(STAGE, commit.shard_key).path)
    chunk = next(path for path in (folder / commit.parts["maps"].file).rglob("*") if path.is_file())
    for path, part in ((folder, None), (folder / "commit.json", None), (chunk, "maps")):
        told = origin(finished_run, path)
        assert (told["shard_key"], told["part"]) == (commit.shard_key, part)


def test_a_manifest_tells_of_the_whole_result(finished_run: FinishedRun) -> None:
    manifest = finished_run.manifest("metrics")
    told = origin(finished_run, finished_run.store / "metrics" / f"{manifest.fingerprint}.json")
    assert (told["stage"], told["shard"], told["fingerprint"]) == ("metrics", None, manifest.fingerprint)
    assert (told["digest"], told["made"], told["upstream"]) == (manifest.digest, manifest.created, manifest.upstream)


def test_the_copy_of_a_report_leads_to_its_stage(run_copy: FinishedRun) -> None:
    assert invoke("report", run_copy.config).exit_code == 0
    copy = run_copy.store / "report-planted-seed0"
    for file in (copy, copy / "index.html", copy / "data" / "pages.js", copy / "contents.json"):
        told = origin(run_copy, file)
        assert (told["stage"], told["part"]) == ("report", "report")
    (copy / "index.html").write_text("edited")
    result = invoke("status", run_copy.config, "--artifact", copy / "index.html")
    assert "other bytes: damaged, or edited" in refusal(result, 1)
    (copy / "mine.txt").write_text("mine")
    refusal(invoke("status", run_copy.config, "--artifact", copy / "mine.txt"), 1)


def test_a_copy_leads_to_its_stage_whatever_its_name_and_stage_are(tmp_path: Path) -> None:
    root = str(tmp_path / "store")
    for stage, data in {"first": b"one", "second": b"two"}.items():
        write_stage(ArtifactStore(root), stage, {"all": {"text": FilePart("text.txt", data)}}, {})
    copy = tmp_path / "store" / "second.txt"
    copy.write_bytes(b"two")
    told = artifact_origin(root, str(copy))
    assert (told["stage"], told["shard"], told["part"]) == ("second", "all", "text")
    copy.write_bytes(b"three")
    with pytest.raises(BadRequest, match="the bytes of none"):
        artifact_origin(root, str(copy))


def test_a_shard_that_a_later_result_took_over_names_both(run_copy: FinishedRun) -> None:
    old = run_copy.manifest("images")
    store = ArtifactStore(str(run_copy.store))
    newer = dataclasses.replace(old, fingerprint="f" * 64, created="2999-01-01T00:00:00+00:00")
    store.write_manifest(newer)
    told = origin(run_copy, store.shard_folder("images", old.shard_keys[0]).path)
    assert (told["fingerprint"], set(told["fingerprints"])) == ("f" * 64, {old.fingerprint, "f" * 64})


def test_as_text_each_fact_has_a_line(finished_run: FinishedRun) -> None:
    manifest = finished_run.manifest(STAGE)
    path = finished_run.store / STAGE / f"{manifest.fingerprint}.json"
    lines = invoke("status", finished_run.config, "--artifact", path).stdout.splitlines()
    assert f"stage: {STAGE}" in lines
    assert "shard: -" in lines
    assert f"  images: {manifest.upstream['images']}" in lines


def test_a_link_to_the_store_is_the_store(finished_run: FinishedRun, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(finished_run.store)
    manifest = finished_run.manifest(STAGE)
    assert origin(finished_run, link / STAGE / f"{manifest.fingerprint}.json")["stage"] == STAGE


def test_what_is_no_artifact_is_refused(run_copy: FinishedRun, tmp_path: Path) -> None:
    store = run_copy.store
    shard = store / STAGE / "shards" / run_copy.manifest(STAGE).shard_keys[0]
    (shard / "leftover").write_bytes(b"")
    record = next((store / "runs").iterdir())
    for path, found in (
        (tmp_path / "elsewhere.json", "a path outside it"),
        (f"{store}-too/x.json", "a path outside it"),
        (store / STAGE / ".." / ".." / "planted.toml", "a path outside it"),
        (store, "a path outside it"),
        (store / STAGE, "nothing that a stage has made"),
        (store / "report-seed7.html", "nothing that a stage has made"),
        (record, "nothing that a stage has made"),
        (store / STAGE / f"{'0' * 64}.json", "nothing that a stage has made"),
        (store / STAGE / "shards" / ("0" * 64) / "x", "no commit of shard 0000000000000000"),
        (shard / "leftover", "one that it does not"),
    ):
        message = refusal(invoke("status", run_copy.config, "--artifact", path), 2)
        assert found in message, path
        assert str(path) in message


def test_on_other_file_systems_a_url_leads_there_too(finished_run: FinishedRun) -> None:
    root = Location.parse("memory://origin-of-artifacts")
    for relative in finished_run.store.rglob("*"):
        if relative.is_file() and relative.parts[len(finished_run.store.parts)] in (STAGE, "runs"):
            names = relative.relative_to(finished_run.store).parts
            root.child(*names).create_bytes(relative.read_bytes())
    manifest = finished_run.manifest(STAGE)
    override = f"store.root={root.url}"
    path = root.child(STAGE, f"{manifest.fingerprint}.json").url
    result = invoke("status", finished_run.config, "--artifact", path, "--format", "json", "--set", override)
    assert json.loads(result.stdout)["fingerprint"] == manifest.fingerprint
    outside = invoke("status", finished_run.config, "--artifact", "memory://other/x", "--set", override)
    assert "a path outside it" in refusal(outside, 2)


def test_both_questions_at_once_are_refused(finished_run: FinishedRun) -> None:
    result = invoke("status", finished_run.config, "--failed", "--artifact", "x")
    assert "--failed, --artifact" in refusal(result, 2)


@pytest.mark.parametrize("option", [["--failed"], ["--artifact", "x"]])
def test_an_unknown_format_is_refused(finished_run: FinishedRun, option: list[str]) -> None:
    assert "where: --format" in refusal(invoke("status", finished_run.config, *option, "--format", "yaml"), 2)
