"""Weights from a file the user names; nothing in such a file is ever executed."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors

from pipeline.errors import BadModel


def read_weights_file(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file, or of a torch state dict read with `weights_only`.

    A state dict may be wrapped under the key "state_dict" or "model", as training scripts often save it.

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
    for wrapper in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    if not isinstance(loaded, dict) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise _unreadable(path, f"a {type(loaded).__name__} that is no mapping of names to tensors")
    return {str(name): value for name, value in loaded.items()}


def _unreadable(path: Path, found: str) -> BadModel:
    return BadModel(
        expected="a .safetensors file, or a torch state dict that loads with weights_only",
        found=found,
        where=str(path),
        remedy="save the model with safetensors.torch.save_file(model.state_dict(), path)",
    )
