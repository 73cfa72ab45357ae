"""A shard that fails is written down where it happens, shown while it is open, and never hides its own error."""

import dataclasses
import json
from pathlib import Path

import pytest

import flows.engine.execute
import flows.engine.failures
from flows.engine.execute import execute_shard
from flows.engine.failures import items_of, record_failure
from flows.engine.plan import plan_stage
from flows.engine.run import shard_tasks
from flows.engine.shard_task import Device, JobInputs, JobResult, ShardTask
from flows.stages.graph import build_stages
from pipeline.errors import BadImage
from stores.artifacts import ArtifactStore
from stores.errors import ReadOnlyStore
from stores.failure_records import FailureRecord, failure_log, list_failures, write_failure
from stores.location import Location
from stores.manifests import Manifest
from stores.run_records import list_runs
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke

ERROR = BadImage(expected="an image", found="three bytes", where="dog 7.jpg", remedy="remove it")


@pytest.fixture
def fresh(tmp_path: Path) -> FinishedRun:
    """A configuration without a store."""
    return FinishedRun(write_config(tmp_path))


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException, label: str) -> None:
    """Make the job of one shard raise."""
    job_body = flows.engine.execute.job_body

    def failing(job: str) -> object:
        def run(inputs: JobInputs) -> JobResult:
            if inputs.task.shard_label == label:
                raise error
            return job_body(job)(inputs)

        return run

    monkeypatch.setattr(flows.engine.execute, "job_body", failing)


def failures(run: FinishedRun) -> list[FailureRecord]:
    return list_failures(Location.parse(str(run.store)))


def open_failures(run: FinishedRun, *overrides: str) -> list[dict[str, object]]:
    options = [word for override in overrides for word in ("--set", override)]
    result = invoke("status", run.config, "--failed", "--format", "json", *options)
    assert result.exit_code == 0, result.output
    rows: list[dict[str, object]] = json.loads(result.stdout)
    return rows


def all_tasks(run: FinishedRun) -> dict[str, list[ShardTask]]:
    """The tasks of every stage of a finished run, as if nothing were done."""
    store = ArtifactStore(str(run.store))
    manifests: dict[str, Manifest] = {}
    tasks = {}
    for stage in build_stages(run.settings()):
        plan = plan_stage(stage, store, manifests)
        assert plan.manifest is not None
        undone = dataclasses.replace(plan, shards_done=frozenset())
        tasks[stage.name] = shard_tasks(undone, str(run.store), manifests, Device("cpu", 1, 1), "run-1")
        manifests[stage.name] = plan.manifest
    return tasks


def last_image_shard(run: FinishedRun) -> str:
    """The label of the shard that is done last."""
    (stage,) = (stage for stage in build_stages(run.settings()) if stage.name == "images")
    return plan_stage(stage, ArtifactStore(str(run.store)), {}).shards[-1].plan.label


def test_a_failed_shard_leaves_a_record_and_a_log_and_is_listed_until_it_is_done(
    fresh: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = last_image_shard(fresh)
    with monkeypatch.context() as replaced:
        fail_with(replaced, ERROR, label)
        assert invoke("run", fresh.config, "--until", "images", "--name", "first try").exit_code == 1
    (record,) = failures(fresh)
    (run,) = list_runs(Location.parse(str(fresh.store)))
    assert (run.state, run.error, run.name) == ("failed", str(ERROR), "first try")
    assert (record.run_id, record.stage, record.shard, record.error) == (run.run_id, "images", label, str(ERROR))
    assert record.images_count == len(record.images) > 1
    assert all(image.startswith("test_") for image in record.images)

    log = fresh.store / "logs" / run.run_id / f"images--{label.replace('/', '_')}.log"
    assert failure_log(Location.parse(str(fresh.store)), record).path == str(log)
    text = log.read_text()
    assert "Traceback" in text
    assert "three bytes" in text
    assert "device: cpu, batch size 100, 1 threads" in text
    assert '"torch"' in text
    assert record.shard_key in text

    (row,) = open_failures(fresh)
    assert (row["stage"], row["shard"], row["shard_key"]) == ("images", label, record.shard_key)
    assert (row["images"], row["log"], row["error"]) == (list(record.images), str(log), str(ERROR))
    shown = invoke("status", fresh.config, "--failed").stdout
    assert label in shown
    assert "dog 7.jpg" in shown
    assert f"{record.images_count}: {record.images[0]}" in shown
    # Other settings name other shards, which never failed.
    assert open_failures(fresh, "dataset.seed=1") == []

    assert fresh.computed(until="images") == {"images": 1}
    assert open_failures(fresh) == []
    assert invoke("status", fresh.config, "--failed").stdout == "no failed shards\n"
    table = fresh.query("select f.stage, r.name, r.state from failures f join runs r using (run_id)")
    assert table == [{"stage": "images", "name": "first try", "state": "failed"}]
    assert [row["state"] for row in fresh.query("select state from runs order by run_id")] == ["failed", "done"]


def test_a_bug_is_recorded_with_its_type(fresh: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, ZeroDivisionError("x / 0"), last_image_shard(fresh))
    with pytest.raises(ZeroDivisionError):
        fresh.run(until="images")
    assert [record.error for record in failures(fresh)] == ["ZeroDivisionError: x / 0"]
    assert [run.error for run in list_runs(Location.parse(str(fresh.store)))] == ["ZeroDivisionError: x / 0"]


def test_a_stop_is_no_failure(fresh: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, KeyboardInterrupt(), last_image_shard(fresh))
    assert invoke("run", fresh.config, "--until", "images").exit_code == 75
    assert failures(fresh) == []
    (run,) = list_runs(Location.parse(str(fresh.store)))
    assert (run.state, run.shown_state, run.error) == ("stopped", "stopped", "")
    assert run.finished


def test_a_full_disk_does_not_hide_the_error_that_stopped_the_shard(
    fresh: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ReadOnlyStore(expected="a", found="No space left on device", where="c", remedy="d")

    fail_with(monkeypatch, ERROR, last_image_shard(fresh))
    monkeypatch.setattr(Location, "replace_bytes", full)
    result = invoke("run", fresh.config, "--until", "images")
    assert result.exit_code == 1
    assert "dog 7.jpg" in result.stderr
    assert "No space left" not in result.stderr
    # Said, not raised.
    assert "cannot be recorded" in result.stdout
    assert failures(fresh) == []


def test_an_upstream_that_cannot_be_read_is_a_failure_of_the_shard(run_copy: FinishedRun) -> None:
    task = all_tasks(run_copy)["embeddings"][0]
    damaged = dataclasses.replace(task, shard_key="0" * 64, upstream={"images": "1" * 64})
    with pytest.raises(Exception, match="the manifest 111111111111 of images"):
        execute_shard(damaged)
    (record,) = (failure for failure in failures(run_copy) if failure.shard_key == "0" * 64)
    assert record.images == tuple(items_of(task))


def test_a_driver_can_record_a_shard_whose_worker_died(run_copy: FinishedRun) -> None:
    task = all_tasks(run_copy)["saliency_maps.test.rise.fixed"][0]
    record_failure(task, "its worker was killed", "worker 3 ended by signal 9")
    record_failure(task, "its worker was killed again", "worker 4 ended by signal 9")
    (record,) = failures(run_copy)
    assert (record.run_id, record.error) == ("run-1", "its worker was killed again")
    log = failure_log(Location.parse(str(run_copy.store)), record).read_bytes().decode()
    assert "worker 3 ended" in log
    assert "worker 4 ended" in log
    record_failure(dataclasses.replace(task, run_id=""), "outside a run", "")
    assert len(failures(run_copy)) == 1


def test_the_items_of_every_kind_of_shard_are_named(run_copy: FinishedRun) -> None:
    tasks = all_tasks(run_copy)
    by_split = {row["split"]: row["n"] for row in run_copy.query("select split, count(*) n from images group by 1")}
    everything = sorted(image for task in tasks["images"] for image in items_of(task))
    assert len(set(everything)) == len(everything) == sum(by_split.values())
    assert sorted(image for task in tasks["embeddings"] for image in items_of(task)) == everything
    scored = [image for task in tasks["attribute_scores.sane"] for image in items_of(task)]
    assert len(scored) == by_split["valid"] + by_split["test"]
    pairs = run_copy.query("select query, reference from pairs where split = 'test'")
    named = {image for task in tasks["saliency_maps.test.rise.fixed"] for image in items_of(task)}
    assert named == {row[side] for row in pairs for side in ("query", "reference")}
    assert {image for task in tasks["faithfulness.rise.fixed"] for image in items_of(task)} == named
    for whole in ("vocabulary", "similarity_model", "pairs.test", "attribute_model.sane", "report"):
        assert items_of(tasks[whole][0]) == []


def test_very_many_images_are_counted_and_not_all_listed(fresh: FinishedRun) -> None:
    items = tuple(f"{number:05d}" for number in range(1500))
    device = Device("cpu", 1, 1)
    task = ShardTask(
        str(fresh.store), "images", "images", "a" * 64, "all", {}, {}, {}, {}, device, "run-1", items=items
    )
    record_failure(task, "error", "log")
    (record,) = failures(fresh)
    assert (len(record.images), record.images_count) == (1000, 1500)
    assert record.images[:2] == ("00000", "00001")


def test_a_label_cannot_lead_out_of_the_logs(tmp_path: Path) -> None:
    root = Location.parse(str(tmp_path))
    record = FailureRecord("run-1", "images", "../../x y", "a" * 64, (), 0, "error", "2026-01-01T00:00:00+00:00")
    write_failure(root, record, "text")
    assert [path.name for path in (tmp_path / "logs" / "run-1").iterdir()] == ["images--.._.._x_y.log"]
    assert list_failures(root) == [record]


@pytest.mark.parametrize("name", ["two\nlines", "x" * 101])
def test_a_name_that_is_no_plain_text_is_refused_before_anything_is_written(fresh: FinishedRun, name: str) -> None:
    result = invoke("run", fresh.config, "--name", name)
    assert (result.exit_code, "where: --name" in result.stderr) == (2, True)
    assert not fresh.store.exists()
