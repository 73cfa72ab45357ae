"""Batch norms while erased images pass."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def running_statistics_kept(network: nn.Module) -> Iterator[None]:
    """Normalise by the statistics of the batch that passes, without adding them to the running ones.

    The trained model sees whole images only: what it will be normalised by must not come from erased ones. The
    running statistics themselves would not do for erased images, which are of less contrast, nor for the first steps,
    in which these statistics belong to no images at all.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    try:
        for norm in norms:
            norm.track_running_stats = False
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
