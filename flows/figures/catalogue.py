"""The figures by name, in the order in which they are made; and the one of two runs."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from flows.figures.edits import read_edits
from flows.figures.explanations import read_explanations
from flows.figures.generators import read_generators
from flows.figures.prior import read_prior
from flows.figures.replacements import read_replacements
from flows.figures.run_reader import RunReader
from pipeline.figures.paper_figure import PaperFigure

# It shows maps of two runs, so it is made where another run is named.
ATTENTION: Final = "attention"
FIGURES: Final[Mapping[str, Callable[[RunReader], PaperFigure]]] = MappingProxyType(
    {
        "generators": read_generators,
        "explanations": read_explanations,
        "replacements": read_replacements,
        "prior": read_prior,
        "recoloured": read_edits,
    }
)
