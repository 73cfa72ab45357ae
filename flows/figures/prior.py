"""The rows of the figure of the prior."""

from flows.figures.run_reader import RunReader
from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.prior import prior_figure


def read_prior(run: RunReader) -> PaperFigure:
    """Return the figure.

    Raises:
        MissingArtifact: the prior is not there, or has no value.
    """
    run.need("explanation_weights")
    rows = run.upstream.rows("explanation_weights", "prior")
    if all(row["value"] is None for row in rows):
        raise run.not_of_this_run("a prior with values", "none", "more validation pairs: --set pairs.valid=N")
    return prior_figure(rows)
