"""The report as a file: where it cannot be written, and what becomes of the run then."""

import errno
import os
from pathlib import Path

import pytest

from stores.location import Location
from tests.flows.run_cases import FinishedRun, invoke, refusal


@pytest.mark.parametrize("output", ["nowhere/report.html", "."])
def test_an_output_that_cannot_be_written_is_refused_with_its_name(
    finished_run: FinishedRun, tmp_path: Path, output: str
) -> None:
    place = tmp_path / output
    message = refusal(invoke("report", finished_run.config, "--output", place), 2)
    assert f"where: --output {place}" in message


def test_a_run_on_a_store_that_cannot_be_written_is_done_and_says_where_its_report_is(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Location, data: bytes) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    (run_copy.store / "report-seed0.html").unlink(missing_ok=True)
    # Below the place where the store explains the system's refusals.
    monkeypatch.setattr(Location, "_unfinished_file", refuse)
    result = invoke("run", run_copy.config)
    assert result.exit_code == 0, result.output
    assert "nothing to do" in result.stdout
    assert "report-seed0.html could not be written: Read-only file system" in result.stdout
    [report] = [line.removeprefix("report: ") for line in result.stdout.splitlines() if line.startswith("report: ")]
    assert Path(report).read_bytes().startswith(b"<!DOCTYPE html>")
    assert "Read-only file system" in refusal(invoke("report", run_copy.config), 1)
