"""Ctrl-C at a terminal, which every process of a run with its own Dask workers gets: the run stops without a word."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.on_dask.interrupts import stop_deferred
from tests.flows.planted_config import write_config

# Ignored where the tests themselves were started in the background of a shell.
RUN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from flows.entry import main
main()
"""
STOPPED = "stopped; everything committed is kept, the same command goes on from there\n"


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["starting 1 Dask workers", "images: never made"])
def test_ctrl_c_of_a_terminal_stops_a_run_and_its_workers_quietly(tmp_path: Path, moment: str) -> None:
    words = ["--runner", "dask", "--set", "compute.workers=1", "--until", "images"]
    # A session of its own is what a terminal would interrupt as a whole.
    child = subprocess.Popen(
        [sys.executable, "-c", RUN, "run", str(write_config(tmp_path)), *words],
        cwd=SOURCE_ROOT,
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with child:
        assert child.stdout is not None
        try:
            assert any(moment in line for line in child.stdout)
        finally:
            os.killpg(child.pid, signal.SIGINT)
        output, errors = child.communicate(timeout=300)
    assert (child.returncode, errors) == (75, STOPPED)
    assert "Traceback" not in output


def test_a_signal_takes_effect_at_the_end_of_the_block() -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    lines = []

    def interrupted_block() -> None:
        with stop_deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            lines.append("after the signal")

    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted_block()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert lines == ["after the signal"]
