"""Commands whose output nobody reads, or that are interrupted before they began: no traceback, and the right code."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from stores.location import Location
from stores.run_records import list_runs
from tests.flows.planted_config import write_config
from tests.flows.run_cases import invoke

MAIN = "from flows.entry import main\nmain()\n"
INTERRUPTED = """
import os, signal, sys

module, number, *words = sys.argv[1:]

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), int(number))

# Ignored where the tests themselves were started in the background of a shell.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
sys.argv[:] = ["sane", *words]
"""


def start(*words: object, program: str = MAIN) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        cwd=SOURCE_ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def small_config(folder: Path) -> Path:
    return write_config(folder, train_items="8", valid_items="4", test_items="4")


def unread(*words: object) -> tuple[int, str]:
    """Return exit code and errors of a command whose reader has gone before it says anything."""
    child = start(*words)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    errors = child.stderr.read()
    child.stderr.close()
    return child.wait(timeout=300), errors


@pytest.mark.parametrize("words", [("status",), ("status", "--format", "json"), ("plan", "--no-calibrate")])
def test_a_command_whose_reader_has_gone_ends_without_a_word(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert unread(words[0], small_config(tmp_path), *words[1:]) == (75, "")


def test_a_run_whose_reader_has_gone_is_stopped_and_not_failed(tmp_path: Path) -> None:
    config = small_config(tmp_path)
    assert unread("run", config, "--until", "images") == (75, "")
    (run,) = list_runs(Location.parse(str(tmp_path / "store")))
    assert (run.state, run.error) == ("stopped", "")
    assert invoke("run", config, "--until", "images").exit_code == 0


def test_a_command_without_any_output_does_its_work(tmp_path: Path) -> None:
    config = small_config(tmp_path)
    shell = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', sys.executable, "-c", MAIN]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    words = ["run", str(config), "--until", "images"]
    assert subprocess.run([*shell, *words], cwd=SOURCE_ROOT, env=environment, check=False).returncode == 0
    (run,) = list_runs(Location.parse(str(tmp_path / "store")))
    assert run.state == "done"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["typer", "pydantic", "flows.commands.status", "rich.table"])
def test_a_signal_while_modules_are_imported_ends_with_75_and_no_traceback(
    tmp_path: Path, module: str, number: int
) -> None:
    child = start(module, int(number), "status", small_config(tmp_path), program=INTERRUPTED + MAIN)
    output, errors = child.communicate(timeout=300)
    assert (child.returncode, output) == (75, "")
    assert errors in ("", "stopped; everything committed is kept, the same command goes on from there\n")


def test_without_the_early_handler_there_would_be_a_traceback(tmp_path: Path) -> None:
    program = INTERRUPTED + "from flows.cli import main\nmain()\n"
    child = start("pydantic", int(signal.SIGINT), "status", small_config(tmp_path), program=program)
    assert "Traceback" in child.communicate(timeout=300)[1]
