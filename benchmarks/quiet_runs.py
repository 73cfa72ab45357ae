"""Runs of a configuration within a benchmark: what is not current is made, stage by stage, and named as it starts."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from flows.auto_compute.resolve import resolved
from flows.configured_runs import ConfiguredRun, run_request
from flows.engine.plan import StagePlan
from flows.engine.run import Reporter, run_stages
from flows.engine.runners import run_inline
from flows.engine.upstream import Upstream
from flows.settings.asked_run import AskedRun
from flows.settings.file import load_settings
from stores.manifests import Commit


def run_until(config: Path, overrides: Sequence[str], stages: Sequence[str]) -> Upstream:
    """Run what is not current up to these stages, of the configuration's own seed, and return a reader of all that is.

    Raises:
        BadSetting: the configuration is refused.
        PipelineError, StoreError: of the first stage that fails.
    """
    # As the command line does, before torch is imported: threads that wait must not take the processor from others.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    settings = resolved(load_settings(config, overrides))
    for stage in stages:
        asked = AskedRun(settings, until=stage, config=str(config))
        run_stages(run_request(asked), run_inline, Reporter(_name_stage, _as_they_come))
    return ConfiguredRun(settings).current()


def _name_stage(plan: StagePlan) -> None:
    if plan.manifest is None:
        print(f"  {plan.stage.name}", file=sys.stderr, flush=True)


def _as_they_come(plan: StagePlan, commits: Iterable[Commit]) -> Iterable[Commit]:
    del plan
    return commits
