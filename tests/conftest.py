"""The one whole run that many tests look at, those that write work on a copy; and a server of objects."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun
from tests.object_server import ObjectServer, make_bucket, serve_objects


def pytest_configure() -> None:
    """Let no test of a property fail because the machine is busy."""
    settings.register_profile("without_deadline", deadline=None)
    settings.load_profile("without_deadline")


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


@pytest.fixture(scope="session")
def running_object_server() -> Iterator[ObjectServer]:
    """An S3 server on 127.0.0.1; ask for `object_server` instead."""
    yield from serve_objects()


@pytest.fixture
def object_server(running_object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    """The server, reached through the standard environment variables, with a bucket that is new."""
    for name, value in running_object_server.environment().items():
        monkeypatch.setenv(name, value)
    make_bucket(running_object_server)
    yield running_object_server
    running_object_server.reset()
