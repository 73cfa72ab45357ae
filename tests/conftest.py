"""The one whole run that many tests look at; those that write work on a copy."""

from pathlib import Path

import pytest

from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A whole planted run, made once; not to be written to."""
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("finished")))
    finished.run()
    return finished


@pytest.fixture
def run_copy(finished_run: FinishedRun, tmp_path: Path) -> FinishedRun:
    """A copy of it that a test may change."""
    return finished_run.copy_to(tmp_path / "copy")
