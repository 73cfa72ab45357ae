"""Answers of test pairs, and what taking the attribute away does to their scores."""

from collections.abc import Mapping

import pyarrow.compute as pc

from flows.figures.run_reader import Row, RunReader


def answered_pairs(run: RunReader) -> dict[str, Row]:
    """Return rows of the table `answers` by pair: the pairs that an attribute explains.

    Raises:
        MissingArtifact: the answers are not there, or no attribute explains any pair.
    """
    run.need("answers")
    rows: list[Row] = [row for row in run.upstream.rows("answers", "answers") if row["attribute"] is not None]
    found = {row["pair_id"]: row for row in rows}
    if not found:
        raise run.not_of_this_run(
            "a test pair that an attribute explains",
            "no attribute explains any",
            "other labels, or a model that matches by what they name",
        )
    return found


def replaced(run: RunReader, kind: str, answers: Mapping[str, Row]) -> dict[str, Row]:
    """Return by pair the row of the table `replacements` of the attribute that answers, where there is an effect.

    Args:
        run: what is read.
        kind: of replacement.
        answers: by pair.

    Raises:
        MissingArtifact: the replacements are not there.
    """
    run.need("replacements.test")
    # All pairs, attributes and kinds would be millions of rows: filtered while still columns.
    table = run.upstream.table("replacements.test", "replacements")
    of_kind = table.filter(pc.and_(pc.equal(table["kind"], kind), pc.is_valid(table["effect"])))
    shown = of_kind.select(["pair_id", "attribute", "effect", "reason", "replacements"])
    rows = (row for row in shown.to_pylist() if row["pair_id"] in answers)
    return {row["pair_id"]: row for row in rows if row["attribute"] == answers[row["pair_id"]]["attribute"]}
