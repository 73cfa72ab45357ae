"""The pairs of the figure of replacements: the third that falls most, and the third that falls least."""

from typing import Final

from flows.figures.answered import answered_pairs, replaced
from flows.figures.run_reader import Row, RunReader
from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.replacements import EXAMPLES_OF_A_KIND, ReplacedQuery, replacements_figure

_THIRDS: Final = 3


def read_replacements(run: RunReader) -> PaperFigure:
    """Return the figure.

    Raises:
        MissingArtifact: a result is not there, or there are fewer than three pairs to choose from.
    """
    answers = answered_pairs(run)
    # Where the query lacks the attribute nothing is replaced.
    removals = {pair_id: row for pair_id, row in replaced(run, "removal", answers).items() if row["replacements"]}
    pairs = sorted(
        (pair for pair in run.pairs if pair["pair_id"] in removals),
        key=lambda pair: (removals[pair["pair_id"]]["effect"], pair["pair_id"]),
    )
    third = len(pairs) // _THIRDS
    if not third:
        raise run.not_of_this_run(
            "three test pairs whose query could be replaced by an image without the attribute that explains the match",
            str(len(pairs)),
            "more test images, or attributes that not all of them share",
        )
    kinds = run.drawn_apart((pairs[:third], pairs[-third:]), EXAMPLES_OF_A_KIND)
    good, poor = ([_replaced(run, pair, removals) for pair in kind] for kind in kinds)
    return replacements_figure(good, poor, (third, third), run.seed)


def _replaced(run: RunReader, pair: Row, removals: dict[str, Row]) -> ReplacedQuery:
    row = removals[pair["pair_id"]]
    replacement = row["replacements"][0]
    picture = run.images.of(replacement)
    return ReplacedQuery(
        run.shown(pair), row["attribute"], replacement, run.labels[replacement], picture, row["effect"]
    )
