"""From a configuration to runs: its seeds, and for each its settings, stages, and plans against its store.

This is the only place that puts these together; every command and flow asks here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from flows.auto_compute.resolve import possible, resolved
from flows.engine.earlier_results import EarlierResults
from flows.engine.plan import StagePlan
from flows.engine.plan_graph import plan_stages
from flows.engine.request import ALL, RunRequest
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from flows.settings.asked_run import AskedRun
from flows.settings.compute import asked_device, dask_options
from flows.settings.configuration import Settings
from flows.settings.file import load_settings, run_seeds, with_seed
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore


@dataclass(frozen=True)
class ConfiguredRun:
    """The run of one seed of a configuration; stages are built once, plans made whenever they are asked for.

    Attributes:
        settings: of one seed, nothing in them "auto" any more.
        config: the configuration file as the user names it; runs of the same one made what stages are compared with.
    """

    settings: Settings
    config: str = ""

    @property
    def seed(self) -> int:
        """The seed."""
        return self.settings.seed

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Every stage instance, in the order in which they run."""
        return build_stages(self.settings)

    @cached_property
    def store(self) -> ArtifactStore:
        """Where results are kept."""
        return ArtifactStore(self.settings.store.root)

    def plans(self) -> list[StagePlan]:
        """Return every stage compared with the store.

        Raises:
            PipelineError, StoreError: inputs are refused, or the store cannot be read.
        """
        return plan_stages(self.stages, self.store, EarlierResults(self.store, self.config, self.seed))

    def current(self, plans: Sequence[StagePlan] | None = None) -> Upstream:
        """Return a reader of every stage that is current, by these plans or by new ones.

        Raises:
            PipelineError, StoreError: inputs are refused, or the store cannot be read.
        """
        planned = self.plans() if plans is None else plans
        manifests = {plan.stage.name: plan.manifest for plan in planned if plan.manifest is not None}
        return Upstream(self.store, manifests)


def configured_runs(
    settings: Settings, notify: Callable[[str], None] | None = None, config: str = ""
) -> list[ConfiguredRun]:
    """Return the run of each seed, with "auto" replaced by what is decided and kept.

    Args:
        settings: of all seeds.
        config: the configuration file as the user names it, for what is compared with earlier results.
        notify: called with a line where something is not decided yet; None writes it to the error stream.

    Raises:
        PipelineError: the inputs are refused, so that nothing can be planned.
    """
    return [ConfiguredRun(resolved(with_seed(settings, seed), notify), config) for seed in run_seeds(settings)]


def run_of_seed(config: Path, overrides: Sequence[str], seed: int) -> ConfiguredRun:
    """Return the run of one seed of a configuration file, with "auto" replaced by what is decided and kept.

    Args:
        config: the configuration file (TOML).
        overrides: key=value over the file, such as "saliency.rise.masks=500".
        seed: whether or not the file names it.

    Raises:
        BadSetting: the configuration is refused.
        PipelineError: the inputs are refused, so that nothing can be planned.
    """
    return ConfiguredRun(resolved(with_seed(load_settings(config, overrides), seed)))


def asked_runs(asked: AskedRun) -> list[AskedRun]:
    """Return what is asked of each seed in turn, "auto" still in its settings."""
    settings = asked.settings
    return [replace(asked, settings=with_seed(settings, seed)) for seed in run_seeds(settings)]


def possible_runs(settings: Settings) -> list[ConfiguredRun]:
    """Return every run that a configuration may turn out to mean on any machine: each seed, at each possible precision.

    Raises:
        PipelineError: the inputs are refused.
    """
    return [ConfiguredRun(one) for seed in run_seeds(settings) for one in possible(with_seed(settings, seed))]


def run_request(asked: AskedRun) -> RunRequest:
    """Return what the engine runs, of settings in which nothing is "auto" any more.

    Raises:
        BadSetting: compute.precision is still "auto".
    """
    settings = asked.settings
    return RunRequest(
        stages=build_stages(settings),
        store_root=settings.store.root,
        device=asked_device(settings),
        seed=settings.seed,
        until=asked.until,
        force=asked.force,
        adopt=asked.adopt,
        name=asked.name,
        config=asked.config,
        run_id=asked.run_id,
        computes_elsewhere=dask_options(settings) is not None,
    )


def has_work(asked: AskedRun) -> bool:
    """Return whether a run would compute anything; False as well for unknown stages, which it refuses at once."""
    request = run_request(asked)
    names = {stage.name for stage in request.stages}
    chosen = {*request.force, *({*request.adopt} - {ALL}), *([request.until] if request.until else [])}
    if not chosen <= names:
        return False
    plans = plan_stages(request.wanted(), ArtifactStore(request.store_root))
    return bool(request.force) or any(plan.state != "current" for plan in plans)
