"""Flow runs give what inline runs give, and never call themselves completed when a shard is not."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.configured_runs import configured_runs, run_request
from flows.engine.errors import BadRequest
from flows.engine.execute import execute_shard
from flows.engine.run import Reporter, StageOutcome, run_stages
from flows.engine.runners import run_inline
from flows.engine.shard_task import JobInputs, JobResult, ShardTask
from flows.settings.asked_run import AskedRun
from flows.settings.file import load_settings
from pipeline.errors import BadModel
from stores.artifacts import ArtifactStore
from stores.errors import CorruptArtifact, MissingArtifact, ReadOnlyStore, StoreError
from stores.failure_records import failure_log, list_failures
from stores.leases import live_leases
from stores.manifests import Commit
from stores.run_records import list_runs
from tests.flows.planted_config import write_config

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

pytestmark = pytest.mark.slow

PARTS = {"expected": "a", "found": "b", "where": "c", "remedy": "d"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


@pytest.fixture(scope="session")
def _prefect_server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture
def _no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.prefect_flows import stage_flow as prefect_shell

    monkeypatch.setattr(prefect_shell.do_shard, "retry_delay_seconds", 0)


def run_without_prefect(config: Path, until: str, *overrides: str) -> list[StageOutcome]:
    silent = Reporter(lambda plan: None, lambda plan, commits: commits)
    return run_stages(run_request(AskedRun(load_settings(config, overrides), until)), run_inline, silent).outcomes


def run_as_flow(config: Path, until: str, *overrides: str) -> list[StageOutcome]:
    from flows.prefect_flows.explain_similarity import run_through_prefect

    settings = load_settings(config, overrides)
    return run_through_prefect(AskedRun(settings, until, overrides=overrides), config).outcomes


def digests(config: Path, *overrides: str) -> dict[str, str]:
    manifests = configured_runs(load_settings(config, overrides))[0].current().manifests
    return {stage: manifest.digest for stage, manifest in manifests.items()}


def images_flow(config: Path) -> "State[StageOutcome]":
    from flows.prefect_flows.stage_flow import run_stage

    state: State[StageOutcome] = run_stage(str(config), "images", 0, [], return_state=True)
    return state


class Interference:
    """Does shards, but raises where told to; counts the attempts at each."""

    def __init__(self, do_shard: Callable[[ShardTask], Commit], error: BaseException, failures: int) -> None:
        self.do_shard = do_shard
        self.error = error
        self.failures = failures
        self.attempts: dict[str, int] = {}

    def __call__(self, work: ShardTask) -> Commit:
        self.attempts[work.shard_label] = self.attempts.get(work.shard_label, 0) + 1
        first = next(iter(self.attempts))
        if work.shard_label == first and self.attempts[first] <= self.failures:
            raise self.error
        return self.do_shard(work)


def interfere(monkeypatch: pytest.MonkeyPatch, error: BaseException, failures: int) -> Interference:
    from flows.prefect_flows import stage_flow as prefect_shell

    interference = Interference(execute_shard, error, failures)
    monkeypatch.setattr(prefect_shell, "execute_shard", interference)
    return interference


@pytest.mark.usefixtures("_prefect_server")
def test_a_flow_run_gives_the_bits_of_an_inline_run_and_does_nothing_twice(config: Path) -> None:
    inline = run_without_prefect(config, "embeddings", "store.root=inline")
    flow = run_as_flow(config, "embeddings", "store.root=flow")
    assert [(o.stage, o.shards, o.computed) for o in flow] == [(o.stage, o.shards, o.computed) for o in inline]
    assert digests(config, "store.root=flow") == digests(config, "store.root=inline")
    assert set(digests(config, "store.root=flow")) >= {"images", "similarity_model", "embeddings"}
    assert [o.computed for o in run_as_flow(config, "embeddings", "store.root=flow")] == [0, 0, 0]


@pytest.mark.usefixtures("_prefect_server")
def test_a_flow_run_is_one_run_and_its_stages_join_it(config: Path) -> None:
    from flows.prefect_flows.explain_similarity import run_through_prefect

    request = AskedRun(load_settings(config), "images", name="paper")
    (outcome,) = run_through_prefect(request, config).outcomes
    assert outcome.computed == outcome.shards > 1
    store = ArtifactStore(str(config.parent / "store"))
    (run,) = list_runs(store.root)
    assert (run.name, run.config, run.state) == ("paper", str(config), "done")
    assert set(run.artifacts) == {"images"}
    images = store.read_manifest("images", run.artifacts["images"])
    assert images is not None
    assert {commit.provenance["run_id"] for commit in store.read_commits(images)} == {run.run_id}
    assert live_leases(store.root) == []
    assert os.listdir(config.parent / "store" / "leases") == []


@pytest.mark.usefixtures("_prefect_server", "_no_delay")
def test_a_stage_run_alone_is_a_run_of_its_own_and_records_a_shard_tried_again_once(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_without_prefect(config, "vocabulary")
    tries = fail_the_first_images(monkeypatch, ReadOnlyStore(**PARTS))
    assert images_flow(config).is_failed()
    assert len(tries) == 3
    root = ArtifactStore(str(config.parent / "store")).root
    first, second = list_runs(root)
    assert (first.state, second.state, second.error) == ("done", "failed", str(ReadOnlyStore(**PARTS)))
    (failure,) = list_failures(root)
    assert (failure.run_id, failure.stage) == (second.run_id, "images")
    assert failure_log(root, failure).read_bytes().count(b"Traceback") == 3


def fail_the_first_images(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Make the job of the first shard of images raise, and return the list of the tries to come."""
    from flows.engine import execute as execution

    job_body, tries, labels = execution.job_body, list[str](), list[str]()

    def failing(job: str) -> Callable[[JobInputs], JobResult]:
        def run(inputs: JobInputs) -> JobResult:
            labels.append(inputs.task.shard_label)
            if inputs.task.shard_label == labels[0]:
                tries.append(labels[0])
                raise error
            return job_body(job)(inputs)

        return run

    monkeypatch.setattr(execution, "job_body", failing)
    return tries


@pytest.mark.usefixtures("_prefect_server", "_no_delay")
@pytest.mark.parametrize("error", [BadModel(**PARTS), CorruptArtifact(**PARTS), RuntimeError("bug")])
def test_a_failed_shard_fails_the_flow_without_a_retry_and_keeps_the_others(
    config: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    interference = interfere(monkeypatch, error, failures=99)
    state = images_flow(config)
    assert state.is_failed()
    assert len(interference.attempts) > 1
    assert set(interference.attempts.values()) == {1}
    assert "images" not in digests(config)
    monkeypatch.undo()
    again = run_without_prefect(config, "images")[-1]
    assert again.computed == 1


@pytest.mark.usefixtures("_prefect_server")
def test_a_shard_that_ends_its_thread_crashes_the_flow(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.sorting import FlowRunSort

    interfere(monkeypatch, SystemExit(0), failures=99)
    with pytest.raises(SystemExit):
        images_flow(config)
    with get_client(sync_client=True) as client:
        run = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)[0]
    assert run.state_name == "Crashed"
    assert "images" not in digests(config)


@pytest.mark.usefixtures("_prefect_server", "_no_delay")
@pytest.mark.parametrize(("failures", "completed"), [(2, True), (99, False)])
def test_a_store_that_fails_for_a_moment_is_tried_again_a_few_times(
    config: Path, monkeypatch: pytest.MonkeyPatch, failures: int, completed: bool
) -> None:
    interference = interfere(monkeypatch, ReadOnlyStore(**PARTS), failures)
    state = images_flow(config)
    assert state.is_completed() is completed
    assert state.is_failed() is not completed
    assert max(interference.attempts.values()) == 3


@pytest.mark.usefixtures("_prefect_server")
def test_a_failed_stage_fails_the_whole_run_and_its_error_reaches_the_caller(config: Path) -> None:
    from flows.prefect_flows.explain_similarity import explain_similarity

    config.with_name("damaged.safetensors").write_bytes(b"not weights")
    override = "similarity_model.weights=damaged.safetensors"
    state = explain_similarity(str(config), [override], "similarity_model", return_state=True)
    assert state.is_failed()
    with pytest.raises(BadModel, match=r"damaged\.safetensors"):
        run_as_flow(config, "similarity_model", override)


@pytest.mark.usefixtures("_prefect_server")
def test_what_to_force_and_to_adopt_reaches_the_flow(config: Path) -> None:
    from flows.prefect_flows.explain_similarity import run_through_prefect

    run_without_prefect(config, "vocabulary")
    settings = load_settings(config)
    forced = run_through_prefect(AskedRun(settings, "vocabulary", force=("vocabulary",)), config)
    assert [outcome.computed for outcome in forced.outcomes] == [1]
    for wrong in (
        AskedRun(settings, "vocabulary", force=("vocabulery",)),
        AskedRun(settings, "vocabulary", adopt=("vocabulery",)),
    ):
        with pytest.raises(BadRequest, match="vocabulery"):
            run_through_prefect(wrong, config)


@pytest.mark.usefixtures("_prefect_server")
def test_a_stage_whose_upstream_is_not_current_is_refused(config: Path) -> None:
    from flows.prefect_flows.stage_flow import run_stage

    with pytest.raises(MissingArtifact, match="images is not current"):
        run_stage(str(config), "pairs.test", 0, [])


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (StoreError(**PARTS), True),
        (ConnectionResetError(), True),
        (CorruptArtifact(**PARTS), False),
        (BadModel(**PARTS), False),
        (ValueError("bug"), False),
    ],
)
def test_only_a_store_out_of_reach_is_worth_another_try(error: Exception, transient: bool) -> None:
    from prefect.client.schemas.objects import TaskRun
    from prefect.states import Failed

    from flows.prefect_flows.stage_flow import do_shard, may_pass

    run = TaskRun(task_key="shard", dynamic_key="0")
    assert may_pass(do_shard, run, Failed(data=error)) is transient


def test_a_run_with_nothing_to_do_imports_neither_prefect_nor_torch(config: Path) -> None:
    run_without_prefect(config, "images")
    command = ["run", str(config), "--runner", "prefect", "--until", "images"]
    script = (
        "import sys\nfrom flows.cli import app\n"
        f"app({command!r}, standalone_mode=False)\n"
        "print(sorted({'prefect', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "nothing to do" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
