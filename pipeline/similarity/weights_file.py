"""Weights from a file the user names; nothing in such a file is ever executed."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors

from pipeline.errors import BadModel

LOG = logging.getLogger("sane")
# Keys under which training scripts put a state dict among other things.
WRAPPERS = ("state_dict", "model_state_dict", "model", "network", "net", "module")
# What a batch norm counts while it trains; files of old versions of torch lack it, and evaluation ignores it.
COUNTERS = ".num_batches_tracked"


def read_weights_file(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file, or of a torch state dict read with `weights_only`.

    A state dict may be wrapped under a key of WRAPPERS, as training scripts often save it.

    Raises:
        BadModel: no such file, not readable as either format, or not a mapping of names to tensors.
    """
    if not path.is_file():
        raise _unreadable(path, "no such file")
    try:
        if path.suffix == ".safetensors":
            return load_safetensors(path.read_bytes())
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, ValueError, KeyError, IndexError, OSError) as error:
        raise _unreadable(path, f"{type(error).__name__}: {str(error)[:200]}") from error
    except Exception as error:  # weights_only raises pickle errors of several kinds on hostile files
        raise _unreadable(path, f"a file that is refused ({type(error).__name__})") from error
    for wrapper in WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            LOG.info("%s: the weights are taken from its entry %r", path, wrapper)
            loaded = loaded[wrapper]
    if not isinstance(loaded, dict) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise _unreadable(path, f"a {type(loaded).__name__} that is no mapping of names to tensors")
    return {str(name): value for name, value in loaded.items()}


def fit_names(tensors: Mapping[str, torch.Tensor], expected: Collection[str], where: str) -> dict[str, torch.Tensor]:
    """Return the tensors by the network's own names, where one prefix before all of them is the only difference.

    DataParallel puts "module." before each name, torch.compile "_orig_mod.", Lightning what the network is called.
    Counters of batch norms that a file lacks are 0. Names that fit in no such way stay, for whoever loads them to
    refuse.

    Args:
        tensors: by the names of the file.
        expected: the network's names.
        where: the file, for the log.
    """
    for prefix in _common_prefixes(tensors):
        named = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        counters = {name for name in set(expected) - set(named) if name.endswith(COUNTERS)}
        if set(named) | counters != set(expected):
            continue
        if prefix:
            LOG.info("%s: names of weights begin with %r, which is left out", where, prefix)
        return {**named, **{name: torch.tensor(0) for name in counters}}
    return dict(tensors)


def _common_prefixes(names: Collection[str]) -> list[str]:
    """Return the beginnings, up to a dot, that all names share; the empty one first."""
    parts = min(names, default="").split(".")[:-1]
    prefixes = [".".join(parts[:length]) + "." for length in range(1, len(parts) + 1)]
    return ["", *(prefix for prefix in prefixes if all(name.startswith(prefix) for name in names))]


def _unreadable(path: Path, found: str) -> BadModel:
    return BadModel(
        expected="a .safetensors file, or a torch state dict that loads with weights_only",
        found=found,
        where=str(path),
        remedy="save the model with safetensors.torch.save_file(model.state_dict(), path)",
    )
