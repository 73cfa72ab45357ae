"""One pair explained from a script."""

import subprocess
import sys
from pathlib import Path

from tests.flows.run_cases import FinishedRun

PATH = Path(__file__).resolve().parents[2] / "examples" / "explain_pair.py"


def test_the_script_prints_the_answer_and_writes_its_files(finished_run: FinishedRun, tmp_path: Path) -> None:
    row = finished_run.query("select query, reference from pairs where split = 'test' limit 1")[0]
    words = [sys.executable, str(PATH), str(finished_run.config), row["query"], row["reference"], str(tmp_path / "why")]
    result = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "explain" in result.stdout.splitlines()[0]
    assert {path.suffix for path in (tmp_path / "why").iterdir()} == {".png", ".json", ".npz"}
