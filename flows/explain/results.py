"""What a run has kept that explaining one more pair takes, and the refusal where it is not there."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flows.configured_runs import configured_runs
from flows.engine.device import resolve_device, set_arithmetic
from flows.engine.earlier_results import EarlierResults
from flows.engine.plan import StagePlan
from flows.engine.plan_graph import plan_stages
from flows.engine.request import needed_for
from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.short_reasons import keeping
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from flows.readers.conditions import read_condition_masks
from flows.settings.compute import asked_device
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.conditions import has_attributes
from pipeline.errors import BadDataset
from pipeline.similarity.conditions import ConditionMasks
from stores.errors import MissingArtifact

# All that is needed lies before it.
LAST_NEEDED = "answers"
# Read where it is there.
CORRESPONDENCES, REPLACEMENTS = "correspondences.test", "replacements.test"
SHOWN_REASONS = 3


@dataclass(frozen=True)
class StoredResults:
    """The current results of one seed, as far as explaining a pair reads them.

    Attributes:
        settings: of the seed.
        stages: by name.
        upstream: reads what is current.
    """

    settings: Settings
    stages: Mapping[str, Stage]
    upstream: Upstream

    @cached_property
    def device(self) -> Device:
        """Where this process computes."""
        device = resolve_device(asked_device(self.settings))
        set_arithmetic(device.threads)
        return device

    @cached_property
    def attribute_names(self) -> list[str]:
        """The vocabulary."""
        names: list[str] = self.upstream.table("vocabulary", "vocabulary")["attribute"].to_pylist()
        return names

    @cached_property
    def condition_masks(self) -> ConditionMasks | None:
        """The model's masks, None where it has no conditions."""
        return read_condition_masks(self.upstream)

    def inputs(self, stage: str) -> JobInputs:
        """Return what a job of a stage would get here, without any shard."""
        found = self.stages[stage]
        task = ShardTask(
            store_root=self.upstream.store.root.address,
            stage=found.name,
            job=found.job,
            shard_key="",
            shard_label="",
            settings=dict(found.settings),
            paths=dict(found.paths),
            work={},
            upstream={},
            device=self.device,
            tables=found.tables,
        )
        return JobInputs(task, self.upstream)


def open_results(config: str | Path, overrides: tuple[str, ...] = ()) -> StoredResults:
    """Return the current results of a configuration; of several seeds those of the first.

    Args:
        config: the configuration file (TOML).
        overrides: key=value over it.

    Raises:
        BadSetting: the configuration is refused.
        BadDataset: its images have no attributes to explain by.
        MissingArtifact: a result that is needed is not current.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    configured = configured_runs(load_settings(Path(config), overrides), config=str(config))[0]
    dataset = configured.settings.dataset
    if not has_attributes(configured.settings):
        raise BadDataset(
            expected="a dataset whose images have attributes: explanations are in their words",
            found=f"dataset.kind = {dataset.kind!r}, which has none",
            where=str(config),
            remedy="see maps by `sane report` and `sane maps`",
        )
    wanted = needed_for(configured.stages, LAST_NEEDED)
    for name in (CORRESPONDENCES, REPLACEMENTS):
        if name in (stage.name for stage in configured.stages):
            wanted |= needed_for(configured.stages, name)
    stages = tuple(stage for stage in configured.stages if stage.name in wanted)
    plans = plan_stages(stages, configured.store, EarlierResults(configured.store, str(config), configured.seed))
    needed = needed_for(configured.stages, LAST_NEEDED)
    lacking = [plan for plan in plans if plan.manifest is None and plan.stage.name in needed]
    if lacking:
        raise _missing(lacking, configured.store.root.url, config, overrides)
    upstream = configured.current(plans)
    return StoredResults(configured.settings, {stage.name: stage for stage in stages}, upstream)


def _missing(lacking: list[StagePlan], store: str, config: str | Path, overrides: tuple[str, ...]) -> MissingArtifact:
    first = [f"{plan.stage.name} is {plan.state}" for plan in lacking if plan.state != "pending"][:SHOWN_REASONS]
    more = len(lacking) - len(first)
    chosen = [word for override in overrides for word in ("--set", override)]
    command = shlex.join(["sane", "run", str(config), "--until", LAST_NEEDED, *chosen])
    return MissingArtifact(
        expected="the results of a run: models, embeddings and answers to validation pairs",
        found=", ".join(first) + (f", and {more} more that are not current" if more else ""),
        where=store,
        remedy=f"run it first: {command}{keeping(plan.reasons for plan in lacking)}",
    )
