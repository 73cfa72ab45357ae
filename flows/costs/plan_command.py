"""The `sane plan` command: what a run would do for every seed, why, and what it would cost."""

import json
import sys
from typing import Any

from flows.auto_compute.resolve import resolved
from flows.costs.seeds import RunCosts
from flows.costs.view import describe_cost, print_costs
from flows.engine.plan import plan_stages
from flows.settings.configuration import Settings
from flows.settings.file import run_seeds, with_seed
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore


def print_costs_of_run(settings: Settings, as_json: bool, workers: int, calibration: str) -> None:
    """Print the stages that are not current with their costs, for every seed.

    Args:
        settings: of the run.
        as_json: a list with a row per seed and stage instead of tables; see `describe_cost`.
        workers: processes that would do shards at the same time.
        calibration: see `RunCosts`.

    Raises:
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    store = ArtifactStore(settings.store.root)
    costs = RunCosts(store, workers, calibration, lambda line: print_to_stderr(line))
    listed: list[dict[str, Any]] = []
    for seed in run_seeds(settings):
        of_seed = resolved(with_seed(settings, seed))
        plans = plan_stages(build_stages(of_seed), store)
        found = costs.of_seed(of_seed, plans)
        if as_json:
            listed += [{"seed": seed, **describe_cost(cost, workers)} for cost in found]
        else:
            print_costs(found, len(plans), f"seed {seed}", workers)
    if as_json:
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")


def print_to_stderr(line: str) -> None:
    """Print a line beside the result, so that JSON stays JSON."""
    sys.stderr.write(line + "\n")
