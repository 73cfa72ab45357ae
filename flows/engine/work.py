"""What a shard costs, counted before it is done: items, passes, and how often each measured rate is paid."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ShardExtent:
    """How much one shard covers.

    Attributes:
        items: items of a shard that is cut by item.
        groups: for a shard that is cut by groups, such as queries, each group's id with the number of its members.
    """

    items: int = 0
    groups: tuple[tuple[str, int], ...] = ()

    @property
    def members(self) -> int:
        """Return the number of members over all groups."""
        return sum(count for _, count in self.groups)


@dataclass(frozen=True)
class Work:
    """What one shard costs, in countable things.

    Attributes:
        forward_passes: items through the network concerned; in a training, those of validation.
        training_passes: items forward and backward.
        images: images decoded or rendered.
        rates: how often each measured rate is paid, by its name: a field of the caller's table of seconds.
        array_bytes: of the arrays that it writes, uncompressed; None where their shape is not known yet.
        is_upper_bound: it may be less.
        loads_torch: it needs torch, which takes seconds to load once a process.
    """

    forward_passes: int = 0
    training_passes: int = 0
    images: int = 0
    rates: Mapping[str, float] = field(default_factory=dict)
    array_bytes: int | None = None
    is_upper_bound: bool = False
    loads_torch: bool = False


def one_expected(stage: Any, facts: Any) -> list[ShardExtent]:
    """Return the extent of a stage of one shard."""
    del stage, facts
    return [ShardExtent()]


@dataclass(frozen=True)
class ShardCosts:
    """How a stage says what its shards cost.

    Attributes:
        work: from the stage, a shard's extent, and what is known of the data, whatever that is.
        expected: the extents of all shards of a stage whose shards are not known yet, from stage and data.
    """

    work: Callable[[Any, ShardExtent, Any], Work]
    expected: Callable[[Any, Any], list[ShardExtent]] = one_expected
