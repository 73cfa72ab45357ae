"""Results of a run for programs outside: `from flows.results import open_results`; see docs/python.md."""

from flows.results.match_sides import MatchSides
from flows.results.results import Results, open_results

__all__ = ["MatchSides", "Results", "open_results"]
