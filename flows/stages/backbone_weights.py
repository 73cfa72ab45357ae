"""A file of weights that a training starts from: it is in the key by its content, wherever it lies."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from flows.engine.cuts import NamedReads, one_shard_of
from flows.engine.stage import Cut, ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.user_model.files import check_model_file, model_file_digest

BACKBONE_WEIGHTS = "backbone_weights"


def weights_path(path: Path | None) -> dict[str, str | None]:
    """Return the entry of a stage's paths that names the file; none where there is none."""
    return {} if path is None else {BACKBONE_WEIGHTS: str(path)}


def training_cut(reads: NamedReads, section: str) -> Cut:
    """Return a cut of one shard that depends on these reads and on the content of the weights file, if there is one.

    Args:
        reads: of the training.
        section: of the configuration, whose key `backbone_weights` names the file.
    """
    of_reads = one_shard_of(reads)

    def cut(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
        (shard,) = of_reads(upstream, stage)
        if BACKBONE_WEIGHTS not in stage.paths:
            return [shard]
        digest = model_file_digest(str(stage.paths[BACKBONE_WEIGHTS]), f"{section}.{BACKBONE_WEIGHTS}")
        return [replace(shard, inputs={**shard.inputs, BACKBONE_WEIGHTS: digest})]

    return cut


def weights_check(section: str) -> Callable[[Stage, Mapping[str, Stage]], None]:
    """Return the check that refuses a file that does not exist, before anything is computed."""

    def check(stage: Stage, _stages: Mapping[str, Stage]) -> None:
        if BACKBONE_WEIGHTS in stage.paths:
            check_model_file(str(stage.paths[BACKBONE_WEIGHTS]), f"{section}.{BACKBONE_WEIGHTS}")

    return check
