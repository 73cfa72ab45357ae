"""What a stage says about itself: settings and code that matter, what it reads and writes, its cut, checks and cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows.engine.work import ShardCosts, ShardExtent

if TYPE_CHECKING:
    import pyarrow as pa

    from flows.engine.upstream import Upstream
    from stores.artifacts import ArtifactStore
    from stores.manifests import Commit
    from stores.table_schema import TableSchema


@dataclass(frozen=True)
class StoredItems:
    """Where the ids of a shard's items are kept: a column of a table part of another stage's shard."""

    stage: str
    shard_key: str
    part: str
    column: str


@dataclass(frozen=True)
class ShardPlan:
    """One shard of a stage's work.

    Attributes:
        label: names the shard to people, such as "train/003".
        inputs: digests and ids that fix the shard's result; part of its key.
        work: what the job needs to know to do it; follows from `inputs`, so not part of the key.
        items: ids of the items that it works on, or where they are kept, for messages; none where the shard is the
            whole stage.
        extent: how much it covers, for costs.
    """

    label: str
    inputs: Mapping[str, Any]
    work: Mapping[str, Any] = field(default_factory=dict)
    items: "tuple[str, ...] | StoredItems" = ()
    extent: ShardExtent = ShardExtent()


# Returns the shards in order, from upstream artifacts and the stage; imports no torch.
Cut = Callable[["Upstream", "Stage"], list[ShardPlan]]


@dataclass(frozen=True)
class Stage:
    """One instance of a stage: a pure function of its settings, its code and its upstream artifacts.

    Attributes:
        name: the instance, such as "saliency_maps.test.rise.fixed".
        job: dotted name of the module whose function `run` does a shard.
        settings: the settings that matter to the result; all of them are in the key.
        code: modules that do the work; what they import counts as well, see flows.engine.code_identity.
        upstream: stage instances read.
        cut: cuts the work into shards and names the inputs of each.
        paths: files and folders that cut and job need; where something lies is not in the key, its content is.
        packages: top-level packages, beside the job's own, whose modules count as code where they are imported.
        version: raised by hand when the meaning of the result changes without its code changing.
        item_limits: how many items there are at most to cut into shards; not in the key, as each shard's inputs name
            its items.
        tables: the tables that its shards may hold.
        costs: counts what a shard costs before it is done; None where only earlier runs tell.
        batch_setting: the setting that is its batch size, where that is part of its result, as in a training.
        check_inputs: refuses inputs before a run computes anything, given the whole graph by name.
        check_result: refuses, or warns of, a finished result, given the stage, its shards, and a reader of it and of
            all before it.
        keys: the user's key of each setting, by its name or the beginning of its path; empty for one that follows
            from others.
        left_out: what a setting is where it is left out of `settings`, for words.
        item_changes: says in lines which items changed, from the store, the shards of an earlier result that are
            gone, and those that are new.
        expected_tables: the tables, by part, in which a shard will differ from the earlier one of its label, all else
            being equal; None where that cannot be told before it is done.
        read_as: the stage instance of `upstream` that cut and job find under another name, by that name.
    """

    name: str
    job: str
    settings: Mapping[str, Any]
    code: tuple[str, ...]
    upstream: tuple[str, ...]
    cut: Cut
    paths: Mapping[str, str | None] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    version: int = 1
    item_limits: Mapping[str, int] = field(default_factory=dict)
    tables: tuple["TableSchema", ...] = ()
    costs: ShardCosts | None = None
    batch_setting: str | None = None
    check_inputs: Callable[["Stage", Mapping[str, "Stage"]], None] | None = None
    check_result: "Callable[[Stage, Sequence[ShardPlan], Upstream], None] | None" = None
    keys: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, Any] = field(default_factory=dict)
    item_changes: "Callable[[ArtifactStore, Sequence[Commit], Sequence[ShardPlan]], list[str]] | None" = None
    expected_tables: "Callable[[ArtifactStore, Commit, ShardPlan], Mapping[str, pa.Table] | None] | None" = None
    read_as: Mapping[str, str] = field(default_factory=dict)
