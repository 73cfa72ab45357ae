"""One pair explained at once, from what a run has kept: `from flows.explain import explain`; see docs/python.md.

What is named here is loaded when it is asked for: torch takes seconds, and who names an image that is not there need
not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.explain.attention import ExplainedTuple, explain_tuple
    from flows.explain.explanation import Explanation
    from flows.explain.options import ExplainOptions
    from flows.explain.pair import explain

__all__ = ["ExplainOptions", "ExplainedTuple", "Explanation", "explain", "explain_tuple"]

_MODULES = {
    "ExplainOptions": "flows.explain.options",
    "ExplainedTuple": "flows.explain.attention",
    "Explanation": "flows.explain.explanation",
    "explain": "flows.explain.pair",
    "explain_tuple": "flows.explain.attention",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
