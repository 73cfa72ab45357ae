"""What the engine does, shown on a graph of two stages that has nothing to do with images."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows.engine import code_identity
from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.errors import BadRequest
from stores.errors import CorruptArtifact
from stores.failure_records import list_failures
from stores.run_records import list_runs
from tests.flows.engine.toy_graph import ITEMS, Toy

HERE = Path(__file__).parent
NOTHING: dict[str, int] = {}
# A result that differs from the present code's, and one that does not.
OTHER_VALUES = ("** inputs.settings", "* inputs.settings")
EQUAL_VALUES = ("number **", "(number + 0) **")


def forget_code() -> None:
    """Let the next run read the jobs' sources again, as a new process would."""
    for cached in (code_identity._source, code_identity._closure, code_identity._exists):
        cached.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "toy_jobs"]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of sources with the toy's jobs, where a test may edit them; jobs and code identity are found there."""
    tree = tmp_path / "tree"
    shutil.copytree(HERE / "toy_jobs", tree / "toy_jobs", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_identity, "SOURCE_ROOT", tree)
    # An edit within the same second would leave the compiled file of the old source in use.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tree)
    forget_code()
    yield tree
    forget_code()


@pytest.fixture
def toy(tree: Path, tmp_path: Path) -> Toy:
    """The toy graph with its items, nothing computed yet."""
    toy = Toy(tmp_path / "toy")
    toy.folder.mkdir()
    toy.write_items(ITEMS)
    return toy


@pytest.fixture
def finished(toy: Toy) -> Toy:
    """The toy graph with everything current."""
    toy.run()
    return toy


def edit(tree: Path, change: tuple[str, str], module: str = "numbers") -> None:
    """Replace a piece of a job's source."""
    path = tree / "toy_jobs" / f"{module}.py"
    before = path.read_text()
    assert change[0] in before
    path.write_text(before.replace(*change))
    forget_code()


def run_alone(tree: Path, toy: Toy) -> subprocess.CompletedProcess[str]:
    """Run the graph in a process of its own, whose sources are the engine, the stores and the toy, and no others."""
    for package in ("stores", "flows/engine"):
        if not (tree / package).exists():
            shutil.copytree(SOURCE_ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SOURCE_ROOT / "flows" / "__init__.py", tree / "flows")
    shutil.copy(HERE / "toy_graph.py", tree)
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    words = [sys.executable, str(tree / "toy_graph.py"), str(toy.folder)]
    return subprocess.run(words, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def foreign(modules: list[str]) -> set[str]:
    """Return what was loaded that the engine should know nothing of."""
    packages = {name.partition(".")[0] for name in modules}
    outside = {name for name in modules if name.startswith("flows.") and not f"{name}.".startswith("flows.engine.")}
    return outside | packages & {"pipeline", "prefect", "dask", "distributed", "pydantic", "typer", "duckdb"}


def test_a_run_computes_everything_once_and_the_next_finds_nothing_to_do(toy: Toy) -> None:
    assert toy.states() == {"numbers": "missing", "sums": "pending"}
    shards = len(toy.plans()["numbers"].shards)
    assert shards > 4
    assert toy.computed() == {"numbers": shards, "sums": 1}
    assert toy.total() == sum(number**2 for number in ITEMS.values())
    assert toy.states() == {"numbers": "current", "sums": "current"}
    assert toy.computed() == NOTHING
    assert len(toy.started("numbers")) == shards
    assert toy.started("sums") == ["all"]


def test_one_stage_can_be_run_without_those_after_it(toy: Toy) -> None:
    assert set(toy.computed(until="numbers")) == {"numbers"}
    assert toy.states() == {"numbers": "current", "sums": "missing"}
    assert toy.plans()["sums"].reasons == ("never made",)
    with pytest.raises(BadRequest, match="did you mean numbers"):
        toy.run(until="number")


def test_an_added_item_redoes_its_shard_and_a_removed_one_brings_the_old_result_back(finished: Toy) -> None:
    before = finished.manifest("numbers")
    finished.write_items(ITEMS | {"item-05b": 100})
    plan = finished.plans()["numbers"]
    shards = len(plan.shards)
    assert (plan.state, plan.reasons[-1]) == (
        "partial",
        f"1 of {shards} shards to do ({shards - 1} unchanged since the last result)",
    )
    assert finished.computed() == {"numbers": 1, "sums": 1}
    assert finished.total() == sum(number**2 for number in ITEMS.values()) + 100**2
    assert len(set(finished.manifest("numbers").shard_keys) - set(before.shard_keys)) == 1
    finished.write_items(ITEMS)
    assert finished.states() == {"numbers": "current", "sums": "current"}
    assert finished.manifest("numbers") == before


def test_reasons_tell_what_changed_since_a_result_was_last_found_current(finished: Toy) -> None:
    # The name alone of an item: what `sums` reads stays as it is.
    renamed = {("item-06b" if item == "item-06" else item): number for item, number in ITEMS.items()}
    finished.write_items(renamed)
    assert finished.computed() == {"numbers": 1}
    finished.write_items(renamed | {"item-12": 100})
    finished.run(until="numbers")
    reasons = finished.plans()["sums"].reasons
    assert [line for line in reasons if line.startswith("numbers: ")] == ["numbers: powers changed in to/item-12"]


def test_a_removed_item_redoes_only_its_shard(finished: Toy) -> None:
    kept = {item: number for item, number in ITEMS.items() if item != "item-07"}
    finished.write_items(kept)
    assert finished.computed() == {"numbers": 1, "sums": 1}
    assert finished.total() == sum(number**2 for number in kept.values())


def test_a_killed_run_goes_on_where_it_was(tree: Path, toy: Toy) -> None:
    labels = [shard.plan.label for shard in toy.plans()["numbers"].shards]
    toy.order("kill", labels[2])
    assert run_alone(tree, toy).returncode == -signal.SIGKILL
    plan = toy.plans()["numbers"]
    assert (plan.state, plan.reasons) == ("partial", (f"2 of {len(labels)} shards are committed",))
    toy.order("kill", "")
    assert toy.computed() == {"numbers": len(labels) - 2, "sums": 1}
    assert toy.started("numbers") == [*labels[:3], *labels[2:]]
    assert toy.total() == sum(number**2 for number in ITEMS.values())


def test_a_changed_setting_is_named_with_its_values(finished: Toy) -> None:
    cubes = replace(finished, power=3)
    plans = cubes.plans()
    shards = len(plans["numbers"].shards)
    assert plans["numbers"].state == "stale"
    assert plans["numbers"].reasons == (
        "settings.power: 2 -> 3",
        f"all {shards} shards to do",
    )
    assert (plans["sums"].state, plans["sums"].reasons) == ("pending", ("will be checked after numbers",))
    assert cubes.computed() == {"numbers": shards, "sums": 1}
    assert cubes.total() == sum(number**3 for number in ITEMS.values())
    # The old result is still there.
    assert finished.states() == {"numbers": "current", "sums": "current"}


def test_changed_code_is_named_by_its_module(tree: Path, finished: Toy) -> None:
    edit(tree, EQUAL_VALUES)
    plan = finished.plans()["numbers"]
    assert plan.state == "stale"
    shards = len(plan.shards)
    assert plan.reasons == (
        "code.toy_jobs.numbers: code changed",
        f"all {shards} shards to do",
    )


def test_a_helper_counts_as_code_and_its_comments_do_not(tree: Path, finished: Toy) -> None:
    edit(tree, ("    folder = Path", "    # A comment.\n    folder = Path"), "orders")
    assert finished.states() == {"numbers": "current", "sums": "current"}
    edit(tree, ('"started"', '"begun"'), "orders")
    plans = finished.plans()
    assert plans["numbers"].reasons[0] == "code.toy_jobs.orders: code changed"
    assert "code.toy_jobs.orders: code changed" in plans["sums"].reasons


def test_a_changed_input_redoes_its_shard_and_the_stage_after_it_says_whose_result_changed(finished: Toy) -> None:
    finished.write_items(ITEMS | {"item-03": 30})
    plan = finished.plans()["numbers"]
    shards = len(plan.shards)
    assert plan.reasons == (f"1 of {shards} shards to do ({shards - 1} unchanged since the last result)",)
    assert finished.computed(until="numbers") == {"numbers": 1}
    plan = finished.plans()["sums"]
    assert plan.state == "stale"
    assert plan.reasons[0] == "numbers: powers changed in to/item-04"
    assert finished.computed() == {"sums": 1}


def test_equal_values_made_by_other_code_leave_what_follows_current(tree: Path, finished: Toy) -> None:
    shards = len(finished.manifest("numbers").shard_keys)
    edit(tree, EQUAL_VALUES)
    assert finished.computed() == {"numbers": shards}
    assert finished.states() == {"numbers": "current", "sums": "current"}
    edit(tree, OTHER_VALUES)
    assert finished.computed() == {"numbers": shards, "sums": 1}
    assert finished.total() == sum(number * 2 for number in ITEMS.values())


def test_what_is_forced_is_computed_again_and_nothing_else(finished: Toy) -> None:
    before = finished.manifest("numbers")
    assert finished.computed(force=("numbers",)) == {"numbers": len(before.shard_keys)}
    assert finished.manifest("numbers").digests == before.digests
    assert finished.computed(force=("sums",)) == {"sums": 1}
    assert finished.started("sums") == ["all", "all"]


def test_a_failed_shard_keeps_the_others_and_is_done_alone_the_next_time(toy: Toy) -> None:
    labels = [shard.plan.label for shard in toy.plans()["numbers"].shards]
    toy.order("fail", labels[-1])
    with pytest.raises(CorruptArtifact, match="an order to fail"):
        toy.run()
    (record,) = list_failures(toy.store.root)
    assert (record.stage, record.shard, set(record.images) <= set(ITEMS)) == ("numbers", labels[-1], True)
    assert "found: an order to fail" in record.error
    assert toy.plans()["numbers"].reasons == (f"{len(labels) - 1} of {len(labels)} shards are committed",)
    assert toy.states() == {"numbers": "partial", "sums": "pending"}
    toy.order("fail", "")
    assert toy.computed() == {"numbers": 1, "sums": 1}
    assert toy.started("numbers") == [*labels, labels[-1]]
    assert [run.state for run in list_runs(toy.store.root)] == ["failed", "done"]


@pytest.mark.parametrize("adopt", ["numbers", "all"])
def test_a_result_of_older_code_is_adopted_with_its_values(tree: Path, finished: Toy, adopt: str) -> None:
    old = finished.manifest("numbers")
    # Values that the present code would not give show that nothing was computed.
    edit(tree, OTHER_VALUES)
    outcomes = finished.run(adopt=(adopt,))
    assert {name: (one.computed, one.adopted) for name, one in outcomes.items()} == {
        "numbers": (0, True),
        "sums": (0, False),
    }
    new = finished.manifest("numbers")
    assert (new.adopted_from, new.digests) == (old.fingerprint, old.digests)
    assert not set(new.shard_keys) & set(old.shard_keys)
    assert finished.total() == sum(number**2 for number in ITEMS.values())
    assert finished.computed() == NOTHING


def test_only_code_may_have_changed_where_a_result_is_adopted(tree: Path, finished: Toy) -> None:
    edit(tree, OTHER_VALUES)
    other = replace(finished, power=3)
    with pytest.raises(BadRequest, match="settings that changed, not only code"):
        other.run(adopt=("numbers",))
    # Of all stages, one that cannot be adopted is computed.
    assert set(other.computed(adopt=("all",))) == {"numbers", "sums"}
    assert other.total() == sum(number * 3 for number in ITEMS.values())


def test_a_result_of_other_items_is_not_adopted_although_no_stage_before_it_changed(tree: Path, finished: Toy) -> None:
    edit(tree, OTHER_VALUES)
    # The items come from a file, not from another stage.
    finished.write_items({**ITEMS, "item-03": 30})
    with pytest.raises(BadRequest, match="inputs that changed, not only code"):
        finished.run(adopt=("numbers",))
    assert set(finished.computed(adopt=("all",))) == {"numbers", "sums"}
    assert finished.total() == sum(number * 2 for number in {**ITEMS, "item-03": 30}.values())


def test_the_engine_runs_where_neither_pipeline_nor_the_rest_of_flows_exists(tree: Path, toy: Toy) -> None:
    result = run_alone(tree, toy)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["computed"]["sums"] == 1
    assert foreign(told["modules"]) == set()
    assert toy.computed() == NOTHING


def test_the_check_above_can_fail(tree: Path, toy: Toy) -> None:
    (tree / "pipeline.py").touch()
    (tree / "flows").mkdir()
    (tree / "flows" / "commands.py").touch()
    edit(tree, ("import numpy as np", "import numpy as np\nimport pipeline\nimport flows.commands"))
    assert foreign(json.loads(run_alone(tree, toy).stdout)["modules"]) == {"pipeline", "flows.commands"}
