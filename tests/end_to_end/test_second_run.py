"""The second run of the same command: nothing computed, torch and Prefect not even imported, and quick."""

import json
from pathlib import Path

from stores.location import Location
from stores.run_records import list_runs
from tests.flows.run_cases import FinishedRun, in_fresh_process

# A whole run of this size takes over twenty seconds of one core; importing torch alone takes about five.
MOST_CPU_SECONDS = 8.0
HEAVY = {"torch", "torchvision", "prefect", "dask", "distributed", "sklearn", "matplotlib"}

CHILD = """
import json, sys, time
from flows.cli import app
for words in json.loads(sys.argv[1]):
    app(words, standalone_mode=False)
known = {name.partition(".")[0] for name in sys.modules}
print(json.dumps({"modules": sorted(known), "cpu_seconds": time.process_time()}))
"""


def run_commands(*commands: list[str]) -> tuple[str, set[str], float]:
    """Return what the commands print, one after the other in a fresh process, the modules imported, and CPU seconds."""
    result = in_fresh_process(["-c", CHILD, json.dumps(commands)])
    text, _, facts = result.stdout.strip().rpartition("\n")
    return text, set(json.loads(facts)["modules"]), json.loads(facts)["cpu_seconds"]


def artifacts(store: Path) -> list[Path]:
    """All files but the copies of the report, the notes of whose they are, and the records of runs."""
    below = sorted(store.rglob("*"))
    return [path for path in below if not path.relative_to(store).parts[0].startswith(("report-", "reports", "runs"))]


def test_a_second_run_computes_nothing_and_imports_neither_torch_nor_prefect(run_copy: FinishedRun) -> None:
    before = artifacts(run_copy.store)
    runs = len(list_runs(Location.parse(str(run_copy.store))))
    text, modules, cpu_seconds = run_commands(["run", str(run_copy.config)])
    assert f"seed 0: nothing to do, all {run_copy.stage_count} stages are current" in text
    assert "hit_at_1" in text
    assert str(run_copy.store / "report-planted-seed0" / "index.html") in text
    assert str(run_copy.store / "report-latest-seed0.html") in text
    assert not modules & HEAVY
    assert cpu_seconds < MOST_CPU_SECONDS
    assert artifacts(run_copy.store) == before
    # The run itself is remembered, with every result it relied on.
    latest = list_runs(Location.parse(str(run_copy.store)))[runs:]
    assert [(run.state, run.config, len(run.artifacts)) for run in latest] == [
        ("done", str(run_copy.config), run_copy.stage_count)
    ]


def test_asking_imports_neither_torch_nor_prefect(finished_run: FinishedRun, tmp_path: Path) -> None:
    config = str(finished_run.config)
    asked = (
        ["status", config],
        ["plan", config],
        ["query", config, "select count(*) from metrics"],
        ["report", config, "--output", str(tmp_path / "pages")],
    )
    _, modules, _ = run_commands(*asked)
    assert not modules & HEAVY
