"""The second run of the same command: nothing computed, torch and Prefect not even imported, and quick."""

import json

from tests.flows.run_cases import FinishedRun, in_fresh_process

# A whole run of this size takes over twenty seconds of one core; importing torch alone takes about five.
MOST_CPU_SECONDS = 8.0

CHILD = """
import json, sys, time
from flows.cli import app
words = json.loads(sys.argv[1])
try:
    app(words)
finally:
    known = {name.partition(".")[0] for name in sys.modules}
    print(json.dumps({"modules": sorted(known), "cpu_seconds": time.process_time()}))
"""


def run_command(*words: str) -> tuple[str, set[str], float]:
    result = in_fresh_process(["-c", CHILD, json.dumps(words)])
    text, _, facts = result.stdout.strip().rpartition("\n")
    return text, set(json.loads(facts)["modules"]), json.loads(facts)["cpu_seconds"]


def test_a_second_run_computes_nothing_and_imports_neither_torch_nor_prefect(run_copy: FinishedRun) -> None:
    before = sorted(path for path in run_copy.store.rglob("*") if path.name != "report-seed0.html")
    text, modules, cpu_seconds = run_command("run", str(run_copy.config))
    assert "seed 0: nothing to do, all 32 stages are current" in text
    assert "hit_at_1" in text
    assert str(run_copy.store / "report-seed0.html") in text
    assert not modules & {"torch", "torchvision", "prefect", "dask", "distributed", "sklearn", "matplotlib"}
    assert cpu_seconds < MOST_CPU_SECONDS
    assert sorted(path for path in run_copy.store.rglob("*") if path.name != "report-seed0.html") == before


def test_asking_imports_neither_torch_nor_prefect(finished_run: FinishedRun) -> None:
    config = str(finished_run.config)
    for words in (("status", config), ("query", config, "select count(*) from metrics")):
        _, modules, cpu_seconds = run_command(*words)
        assert not modules & {"torch", "torchvision", "prefect", "dask", "distributed", "sklearn", "matplotlib"}
        assert cpu_seconds < MOST_CPU_SECONDS


def test_the_check_above_can_fail(run_copy: FinishedRun) -> None:
    words = ("run", str(run_copy.config), "--until", "pairs.test", "--force", "pairs.test")
    assert "torch" in run_command(*words)[1]
