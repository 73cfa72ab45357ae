"""The pairs of the figure of edits: photographs with another colour, or items rendered with another attribute."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from flows.engine.upstream import Upstream
from flows.figures.answered import answered_pairs
from flows.figures.run_reader import Row, RunReader
from flows.stages.true_effects import rendered
from pipeline.datasets.planted.edits import measuring_edits
from pipeline.datasets.planted.item_edits import PART_OFF
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.renderer import render_with_edit
from pipeline.datasets.planted.spec import planted_spec
from pipeline.datasets.planted.vocabulary import value_attribute
from pipeline.figures.edits import EDITED_PAIRS, EditedQuery, edits_figure
from pipeline.figures.paper_figure import PaperFigure
from pipeline.randomness import keyed_rng

_RECOLOURED, _TRUE = "recoloured_effects.test", "true_effects.test"
_RECOLOURED_WORDS: Final = (
    "The labelled colour of a query that lies alone on white is moved to another one, with shading and texture kept; a "
    "classifier says that the edit took. Candidates are the test pairs of all queries with such an edit, of which one "
    "was drawn for each query, whatever explains the match."
)
_RENDERED_WORDS: Final = (
    "The query is rendered again with the attribute that explains the match changed. Candidates are the test pairs "
    "that an attribute of the query explains."
)


def read_edits(run: RunReader) -> PaperFigure:
    """Return the figure.

    Raises:
        MissingArtifact: a result is not there, or nothing of this dataset is edited.
    """
    if run.has(_RECOLOURED):
        return _recoloured(run)
    if run.has(_TRUE):
        return _rendered(run)
    raise run.not_of_this_run(
        "a dataset whose images are edited: catalogue items with labelled colours (polyvore_outfits), or rendered ones",
        run.settings.dataset.kind,
        "none for such images; to leave it out name the figures to make, each with --figure",
    )


def _recoloured(run: RunReader) -> PaperFigure:
    run.need(_RECOLOURED)
    kept = {row["query"]: row for row in run.upstream.rows(_RECOLOURED, "recoloured_items")}
    effects = {
        (row["pair_id"], row["target_colour"]): row["effect"]
        for row in run.upstream.rows(_RECOLOURED, "recoloured_effects")
    }
    candidates = [
        pair
        for pair in run.pairs
        if pair["query"] in kept and effects.get((pair["pair_id"], kept[pair["query"]]["target_colour"])) is not None
    ]
    if not candidates:
        raise run.not_of_this_run(
            "a query whose colour could be edited",
            "none: the table recoloured_effects says why",
            "items that lie alone on white and have one labelled colour",
        )
    answers: dict[str, str | None] = {}
    if run.is_current("answers"):
        answers = {row["pair_id"]: row["attribute"] for row in run.upstream.rows("answers", "answers")}
    edited = []
    for pair in run.drawn(candidates, EDITED_PAIRS):
        row, pair_id = kept[pair["query"]], pair["pair_id"]
        drop = effects[pair_id, row["target_colour"]]
        is_answer = answers[pair_id] == row["attribute"] if pair_id in answers else None
        pixels_hwc, shown = _edited_pixels(run.upstream, pair["query"]), run.shown(pair, query_as_viewed=True)
        edited.append(EditedQuery(shown, row["attribute"], row["target_colour"], pixels_hwc, drop, False, is_answer))
    return edits_figure(edited, len(candidates), run.seed, _RECOLOURED_WORDS)


def _edited_pixels(upstream: Upstream, query: str) -> np.ndarray:
    """Return uint8 (y, x, 3): the kept edit of a query that has one."""
    for commit in upstream.commits(_RECOLOURED):
        queries = upstream.store.read_part_table(commit, "recoloured_items", ["query"])["query"].to_pylist()
        if query in queries:
            pixels_qhwc = upstream.store.read_part_arrays(commit, "recoloured_pixels")["pixels"]
            pixels_hwc: np.ndarray = pixels_qhwc[queries.index(query)]
            return pixels_hwc
    raise KeyError(query)


def _rendered(run: RunReader) -> PaperFigure:
    run.need(_TRUE)
    answers, effects = answered_pairs(run), {}
    for row in run.upstream.rows(_TRUE, "true_effects"):
        answer = answers.get(row["pair_id"])
        if row["present"] and answer is not None and answer["attribute"] == row["attribute"]:
            effects[row["pair_id"]] = row["effect"]
    candidates = [pair for pair in run.pairs if pair["pair_id"] in effects]
    if not candidates:
        raise run.not_of_this_run(
            "a pair whose query has the attribute that explains the match", "none", "more pairs: --set pairs.test=N"
        )
    edited = [_rendered_edit(run, pair, answers, effects) for pair in run.drawn(candidates, EDITED_PAIRS)]
    return edits_figure(edited, len(candidates), run.seed, _RENDERED_WORDS)


def _rendered_edit(run: RunReader, pair: Row, answers: Mapping[str, Row], effects: Mapping[str, float]) -> EditedQuery:
    """Return a pair with its query rendered again, by one of the edits that take the attribute away."""
    spec, query, attribute = planted_spec(rendered(run.settings)), pair["query"], answers[pair["pair_id"]]["attribute"]
    ((_, _, edits),) = measuring_edits(sample_item(spec, query), [attribute])
    edit = edits[int(keyed_rng(run.seed, pair["pair_id"], "shown edit").integers(len(edits)))]
    factor, value = edit.factor_or_part, edit.new_value
    edited_to = f"no {factor}" if value == PART_OFF else value_attribute(factor, value)
    pixels_hwc, drop = render_with_edit(spec, query, edit), effects[pair["pair_id"]]
    return EditedQuery(run.shown(pair), attribute, edited_to, pixels_hwc, drop, len(edits) > 1, True)
