"""Running, comparing and asking about small runs, within this process and in fresh ones."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.commands.query import current_tables
from flows.configured_runs import configured_runs, run_request
from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.run import Reporter, StageOutcome, run_stages
from flows.engine.runners import run_inline
from flows.engine.upstream import Upstream
from flows.settings.asked_run import AskedRun
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from stores.manifests import Manifest

FOUR_PARTS = re.compile(r"error\nexpected: \S.*\n +found: \S.*\n +where: \S.*\n +remedy: \S.*", re.DOTALL)


@dataclass(frozen=True)
class FinishedRun:
    """A folder with a configuration and the store of a whole run of it."""

    config: Path

    @property
    def store(self) -> Path:
        return self.config.parent / "store"

    def settings(self, *overrides: str) -> Settings:
        return load_settings(self.config, overrides)

    @property
    def stage_count(self) -> int:
        """How many stages the run has; a precision that is still to be decided makes no difference."""
        return len(build_stages(self.settings("compute.precision=float32")))

    def copy_to(self, folder: Path) -> "FinishedRun":
        shutil.copytree(self.config.parent, folder)
        return FinishedRun(folder / self.config.name)

    def run(self, *overrides: str, until: str | None = None, force: tuple[str, ...] = ()) -> dict[str, StageOutcome]:
        return run_quietly(self.settings(*overrides), until, force)

    def computed(self, *overrides: str, until: str | None = None, force: tuple[str, ...] = ()) -> dict[str, int]:
        outcomes = self.run(*overrides, until=until, force=force)
        return {name: outcome.computed for name, outcome in outcomes.items() if outcome.computed}

    def manifest(self, stage: str) -> Manifest:
        manifest = ArtifactStore(str(self.store)).latest_manifest(stage)
        assert manifest is not None, f"{stage} has no result"
        return manifest

    def query(self, sql: str, *overrides: str) -> list[dict[str, Any]]:
        result = invoke("query", self.config, sql, "--format", "json", "--stale-ok", *as_options(overrides))
        assert result.exit_code == 0, result.output
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows

    def status(self, *overrides: str, command: str = "status") -> dict[str, dict[str, Any]]:
        extra = ("--no-calibrate",) if command == "plan" else ()
        result = invoke(command, self.config, "--format", "json", *extra, *as_options(overrides))
        assert result.exit_code == 0, result.output
        return {row["stage"]: row for row in json.loads(result.stdout)}


class Tables:
    """The current tables of a run, read once and asked often."""

    def __init__(self, settings: Settings) -> None:
        self._connection = duckdb.connect()
        for name, table in current_tables(settings).items():
            self._connection.register(name, table)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._connection.sql(sql).to_arrow_table().to_pylist()
        return rows


def run_quietly(settings: Settings, until: str | None = None, force: tuple[str, ...] = ()) -> dict[str, StageOutcome]:
    reporter = Reporter(lambda plan: None, lambda plan, commits: commits)
    outcomes = run_stages(run_request(AskedRun(settings, until, force)), run_inline, reporter).outcomes
    return {outcome.stage: outcome for outcome in outcomes}


def as_options(overrides: tuple[str, ...]) -> list[str]:
    return [word for override in overrides for word in ("--set", override)]


def invoke(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def states(status: dict[str, dict[str, Any]], *wanted: str) -> set[str]:
    """Return the stages that are in one of the wanted states."""
    return {name for name, row in status.items() if row["state"] in wanted}


def in_fresh_process(
    arguments: list[str], source: Path = SOURCE_ROOT, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Python on the sources below a folder."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    result = subprocess.run(
        [sys.executable, *arguments], cwd=source, env=environment, capture_output=True, text=True, check=False
    )
    assert not check or result.returncode == 0, result.stderr
    return result


def copy_of_sources(folder: Path) -> Path:
    """Copy the packages into a folder, where a test may edit them; return the folder."""
    for package in ("pipeline", "stores", "flows"):
        shutil.copytree(SOURCE_ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def refusal(result: Result, exit_code: int) -> str:
    """Return the message of a refused command, after checking its form and exit code."""
    assert result.exit_code == exit_code, (result.exit_code, result.output)
    assert FOUR_PARTS.search(result.stderr), result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def upstream_of_run(run: FinishedRun, *overrides: str) -> Upstream:
    """Return a reader of the results that are current for the run's first seed."""
    return configured_runs(run.settings(*overrides))[0].current()
