"""What a shard costs, counted before it is done: items, passes, and how much of each measured rate it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ShardExtent:
    """What one shard covers.

    Attributes:
        items: items of a shard that is cut by item.
        references: for a shard that is cut by query, the number of references of each query, by query.
    """

    items: int = 0
    references: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Work:
    """What one shard costs, in countable things.

    Attributes:
        forward_passes: images through the network concerned; in a training, those of validation.
        training_passes: images forward and backward.
        images: images decoded or rendered.
        rates: how often each measured rate is paid, by the name of the rate; its seconds are their sum. None where
            nothing that is measured tells how long it takes: then only earlier runs do.
        array_bytes: of the arrays that it writes, uncompressed; None where their shape is not known yet.
        is_upper_bound: it may be less.
        loads_torch: it needs torch, which takes seconds to load once a process.
    """

    forward_passes: int = 0
    training_passes: int = 0
    images: int = 0
    rates: Mapping[str, float] | None = field(default_factory=dict)
    array_bytes: int | None = 0
    is_upper_bound: bool = False
    loads_torch: bool = False


# Returns the work of one shard from its stage, its extent and what is known of the data, whatever that is.
WorkFormula = Callable[[Any, ShardExtent, Any], Work]
