"""What `sane plan` says of a run against what the run then does: passes, bytes and seconds of every stage."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.configured_runs import ConfiguredRun, run_request
from flows.costs.estimate import RunCosts, StageCost, real_bytes
from flows.engine.execute import execute_shard
from flows.engine.run import Reporter, run_stages
from flows.engine.shard_task import ShardTask
from flows.settings.asked_run import AskedRun
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from stores.artifacts import ArtifactStore
from stores.manifests import Commit

# Small enough for two minutes of two cores, large enough that passes and not start-up take the time.
SMALLER = (
    "dataset.train_items=400",
    "dataset.valid_items=100",
    "dataset.test_items=100",
    "similarity_model.epochs=8",
    "attribute_model.epochs=8",
    "pairs.train=300",
    "pairs.valid=100",
    "pairs.test=100",
)
LARGEST_BYTES_ERROR = 0.3


@dataclass(frozen=True)
class StageFigures:
    """What one stage did."""

    forward_passes: int
    training_passes: int
    size_bytes: int
    wall_seconds: float
    cpu_seconds: float


def passes_disagree(cost: StageCost, real: StageFigures) -> bool:
    """Return whether a plan's passes are wrong: not equal, or where it states a bound, less than were made."""
    predicted = (cost.forward_passes, cost.training_passes)
    recorded = (real.forward_passes, real.training_passes)
    if cost.is_upper_bound:
        return any(said < done for said, done in zip(predicted, recorded, strict=True))
    return predicted != recorded


def run_measured(settings: Settings) -> dict[str, StageFigures]:
    """Run everything in this process and return what each stage did."""
    cpu_seconds: dict[str, float] = {}

    def runner(tasks: list[ShardTask]) -> Iterator[Commit]:
        for task in tasks:
            started = time.process_time()
            commit = execute_shard(task)
            cpu_seconds[task.stage] = cpu_seconds.get(task.stage, 0.0) + time.process_time() - started
            yield commit

    run_stages(run_request(AskedRun(settings)), runner, Reporter(lambda _: None, lambda _, commits: commits))
    store = ArtifactStore(settings.store.root)
    figures = {}
    for stage in cpu_seconds:
        manifest = store.latest_manifest(stage)
        assert manifest is not None
        commits = store.read_commits(manifest)
        size = len(store.manifest_file(stage, manifest.fingerprint).read_bytes())
        figures[stage] = StageFigures(
            sum(commit.counts.get("forward_passes", 0) for commit in commits),
            sum(commit.counts.get("training_passes", 0) for commit in commits),
            size + sum(real_bytes(store, commit) for commit in commits),
            manifest.seconds,
            cpu_seconds[stage],
        )
    return figures


def print_comparison(costs: list[StageCost], figures: dict[str, StageFigures]) -> bool:
    """Print predicted and real figures side by side and return whether all passes agree."""
    print(f"{'stage':32} {'passes':>17} {'training':>15} {'bytes':>21} {'seconds: plan wall  cpu':>24}")
    agree = True
    for cost in costs:
        name, real = cost.plan.stage.name, figures[cost.plan.stage.name]
        wrong = passes_disagree(cost, real)
        agree &= not wrong
        size = "?" if cost.bytes is None else f"{cost.bytes}"
        seconds = "?" if cost.seconds is None else f"{cost.seconds:.2f}"
        mark = " WRONG" if wrong else " at most" if cost.is_upper_bound else ""
        print(
            f"{name:32} {cost.forward_passes:8} {real.forward_passes:8} {cost.training_passes:7} "
            f"{real.training_passes:7} {size:>10} {real.size_bytes:10} "
            f"{seconds:>9} {real.wall_seconds:6.2f} {real.cpu_seconds:6.2f}{mark}"
        )
    return agree


def print_totals(costs: list[StageCost], figures: dict[str, StageFigures]) -> bool:
    """Print sums over the stages whose bytes, or seconds, the plan knew; return whether the bytes are close."""
    sized = [cost for cost in costs if cost.bytes is not None]
    predicted = sum(cost.bytes or 0 for cost in sized)
    real = sum(figures[cost.plan.stage.name].size_bytes for cost in sized)
    print(f"bytes: {predicted} planned, {real} written, {predicted / real - 1:+.1%}, without stages marked ?")
    timed = [cost for cost in costs if cost.seconds is not None]
    seconds = sum(cost.seconds or 0.0 for cost in timed)
    wall = sum(figures[cost.plan.stage.name].wall_seconds for cost in timed)
    cpu = sum(figures[cost.plan.stage.name].cpu_seconds for cost in timed)
    print(f"seconds: {seconds:.1f} planned, {wall:.1f} wall ({seconds / wall - 1:+.0%}), {cpu:.1f} CPU", end="")
    print(f" ({seconds / cpu - 1:+.0%}), without stages marked ?")
    rest = sum(figures[cost.plan.stage.name].wall_seconds for cost in costs if cost.seconds is None)
    print(f"stages marked ?: {rest:.1f} s wall; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return abs(predicted / real - 1) <= LARGEST_BYTES_ERROR


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent.parent / "configs" / "demo.toml")
    parser.add_argument("--set", action="append", default=[], help="key=value over the smaller demo")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = (*SMALLER, f"compute.threads={args.threads}", *args.set, f"store.root={folder}/store")
        settings = load_settings(args.config, chosen)
        store = ArtifactStore(settings.store.root)
        plans = ConfiguredRun(settings).plans()
        costs = RunCosts(store, 1, "anew", print).of_seed(settings, plans)
        figures = run_measured(settings)
    passes_agree = print_comparison(costs, figures)
    bytes_are_close = print_totals(costs, figures)
    print(f"passes: {'agree' if passes_agree else 'WRONG'}; bytes: {'close' if bytes_are_close else 'FAR OFF'}")
    return int(not (passes_agree and bytes_are_close))


if __name__ == "__main__":
    sys.exit(main())
