"""The report as a file: where it cannot be written, and what becomes of the run then."""

import errno
import os
import re
from pathlib import Path

import pytest

from flows.commands.report_file import report_name
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


def test_reports_of_several_seeds_do_not_go_into_one_file(finished_run: FinishedRun, tmp_path: Path) -> None:
    seeds = ("--set", "evaluation.seeds=[0, 1]")
    message = refusal(invoke("report", finished_run.config, *seeds, "--output", tmp_path / "report.html"), 2)
    assert "found: 0, 1" in message
    assert "--set evaluation.seeds=[0]" in message


def test_a_name_holds_configuration_and_seed() -> None:
    assert report_name("configs/planted.toml", 3) == "report-planted-seed3.html"
    assert report_name("my shop & co.toml", 0) == "report-my-shop-co-seed0.html"
    assert report_name("", 0) == "report-seed0.html"


def test_a_name_holds_what_was_set() -> None:
    name = report_name("planted.toml", 0, ["saliency.rise.masks=5", "pairs.test=9"])
    assert re.fullmatch(r"report-planted-seed0-[0-9a-f]{8}\.html", name)
    assert name == report_name("planted.toml", 0, ["pairs.test = 9", "saliency.rise.masks=4", "saliency.rise.masks=5"])
    assert name != report_name("planted.toml", 0, ["saliency.rise.masks=6", "pairs.test=9"])


@pytest.mark.parametrize("override", ["seed=0", "evaluation.seeds=[]", "compute.threads=1", "store.root=elsewhere"])
def test_a_name_leaves_out_what_is_in_it_already_or_changes_no_result(override: str) -> None:
    assert report_name("planted.toml", 0, [override]) == "report-planted-seed0.html"


def test_a_run_with_overrides_leaves_the_report_of_the_configuration_alone(run_copy: FinishedRun) -> None:
    change = ("--set", "explanation.weight_grid_step=0.5")
    assert invoke("report", run_copy.config).stdout.strip() == str(run_copy.store / "report-planted-seed0.html")
    whole = (run_copy.store / "report-planted-seed0.html").read_bytes()
    assert (run_copy.store / "report-seed0.html").read_bytes() == whole
    result = invoke("run", run_copy.config, *change)
    assert result.exit_code == 0, result.stderr
    (own,) = re.findall(r"^report: (/.*)$", result.stdout, re.MULTILINE)
    assert own == invoke("report", run_copy.config, *change).stdout.strip() != str(run_copy.store / "report-seed0.html")
    assert (run_copy.store / "report-planted-seed0.html").read_bytes() == whole
    latest = (run_copy.store / "report-seed0.html").read_bytes()
    assert latest != whole
    assert (run_copy.store / own).read_bytes() == latest


def test_a_second_configuration_leaves_the_report_of_the_first_alone(run_copy: FinishedRun) -> None:
    second = run_copy.config.with_name("second.toml")
    second.write_text(run_copy.config.read_text())
    for config in (run_copy.config, second):
        assert invoke("report", config).exit_code == 0
    assert {path.name for path in run_copy.store.glob("report-*.html")} == {
        "report-planted-seed0.html",
        "report-second-seed0.html",
        "report-seed0.html",
    }
