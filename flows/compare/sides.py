"""One of two models that are compared: what is current for a configuration, or what a recorded run used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.auto_compute.resolve import with_precision
from flows.configured_runs import ConfiguredRun, configured_runs
from flows.engine.device import AUTO
from flows.engine.run_artifacts import artifacts_of_run
from flows.engine.short_reasons import keeping, state_text
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame, read_pair_frame
from flows.settings.configuration import Settings
from flows.settings.file import load_settings, with_seed
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from pipeline.evaluation.precision.verdict import FLOAT32
from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact

METRICS = "metrics"
_RUN_MARK = "@"


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        name: as the user named it.
        settings: of one seed; of a recorded run those of its configuration as it is now, which may differ.
        run: the recorded run that was asked for, None for what is current.
        other_seeds: seeds that are there, too, and not compared.
        upstream: its results.
    """

    name: str
    settings: Settings
    run: str | None
    other_seeds: tuple[int, ...]
    upstream: Upstream

    @property
    def seed(self) -> int:
        """The seed that is compared."""
        return self.settings.seed

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the stage `metrics` was made with: generators, what pairs share, seed, bootstrap samples."""
        facts: Mapping[str, Any] = self.upstream.manifests[METRICS].ingredients["settings"]
        return facts

    @cached_property
    def frame(self) -> PairFrame:
        """Its test pairs."""
        return read_pair_frame(self.upstream, "test")

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The stages of its configuration by name, which know the user's keys of settings, whatever the precision."""
        is_open = self.settings.compute.precision == AUTO
        settings = with_precision(self.settings, FLOAT32) if is_open else self.settings
        return {stage.name: stage for stage in build_stages(settings)}


def open_side(named: str, overrides: Sequence[str]) -> Side:
    """Return one of the two models: CONFIG for what is current, CONFIG@RUN for a recorded run.

    Args:
        named: a configuration file, perhaps followed by @ and a run's name, its id, or latest.
        overrides: key=value over the configuration; of a recorded run they matter for the store and for names alone.

    Raises:
        BadSetting: the configuration is refused.
        BadRequest: there is no such run.
        MissingArtifact: the figures are not there.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    config, run = _config_and_run(named)
    settings = load_settings(Path(config), overrides)
    if run is not None:
        return _recorded(named, settings, run)
    first, *others = configured_runs(settings, config=config)
    plans = first.plans()
    current = first.current(plans)
    if METRICS not in current.manifests:
        state = next(plan for plan in plans if plan.stage.name == METRICS)
        kept = keeping(plan.reasons for plan in plans)
        raise _not_finished(named, f"{METRICS} is {state_text(state.state, state.reasons)}", first, kept)
    return Side(named, first.settings, None, tuple(one.seed for one in others), current)


def _recorded(named: str, settings: Settings, run: str) -> Side:
    (seed, upstream), *others = artifacts_of_run(ArtifactStore(settings.store.root), run)
    if METRICS not in upstream.manifests:
        raise MissingArtifact(
            expected=f"a run that went as far as {METRICS}",
            found="one that did not",
            where=named,
            remedy="choose another: sane query CONFIG 'select run_id, name, stages, state from runs' lists them",
        )
    return Side(named, with_seed(settings, seed), run, tuple(seed for seed, _ in others), upstream)


def _config_and_run(named: str) -> tuple[str, str | None]:
    if _RUN_MARK not in named or Path(named).exists():
        return named, None
    config, _, run = named.rpartition(_RUN_MARK)
    if not run or not config:
        raise BadSetting(
            expected="CONFIG, or CONFIG@RUN with the name or id of a run, or latest",
            found=repr(named),
            where="sane compare",
            remedy="such as configs/demo.toml@latest",
        )
    return config, run


def _not_finished(named: str, found: str, run: ConfiguredRun, kept: str) -> MissingArtifact:
    return MissingArtifact(
        expected=f"the figures of {named}, current for this configuration and these --set",
        found=found,
        where=run.store.root.url,
        remedy=f"run it first (sane run CONFIG --until {METRICS}{kept}), repeat every --set of the run that is "
        "meant (--set for both, --set-a or --set-b for one), or name a recorded run: CONFIG@latest",
    )
