"""One pair explained at once, from what a run has kept: `from flows.explain import explain`; see docs/python.md."""

from flows.explain.attention import ExplainedTuple, explain_tuple
from flows.explain.explanation import Explanation
from flows.explain.options import ExplainOptions
from flows.explain.pair import explain

__all__ = ["ExplainOptions", "ExplainedTuple", "Explanation", "explain", "explain_tuple"]
