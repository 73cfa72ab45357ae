"""A method of a user's model by its name, told apart from a part of the model that has the same name."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn


def own_method(model: object, name: str) -> Callable[..., Any] | None:
    """Return the method of that name, None where the model has none.

    Submodules can be called, too, so that a layer called "embed" looks like a method. Of a module only a function
    counts that its class defines or that is bound to it. Another object has no forward pass that could be meant
    instead: of it anything counts that can be called.
    """
    found = getattr(model, name, None)
    if not callable(found):
        return None
    if not isinstance(model, nn.Module):
        return found  # type: ignore[no-any-return]
    if isinstance(found, nn.Module):
        return None
    if isinstance(model, torch.jit.ScriptModule):
        return found  # type: ignore[no-any-return]
    # What torch.compile returns hands over the methods of the module within.
    owners = (model, type(model), getattr(model, "_orig_mod", None))
    is_bound = any(getattr(found, "__self__", None) is owner for owner in owners if owner is not None)
    is_of_class = inspect.getattr_static(type(model), name, None) is not None
    return found if is_bound or is_of_class else None


def has_forward(model: object) -> bool:
    """Return whether a module says what its forward pass is."""
    return isinstance(model, nn.Module) and getattr(model.forward, "__func__", None) is not nn.Module.forward
