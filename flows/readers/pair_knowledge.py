"""What a run knows of each test pair beside its answer: the test with other images, and the truth where it is known."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from pipeline.evaluation.audit.answers import ANSWER
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.replacement_test import ReplacementTest, replacement_test

AUDIT, REPLACEMENTS, SIMILARITIES = "audit", "replacements.test", "similarities.test"
_COLUMNS = ("pair_id", "attribute", "kind", "effect")


def read_pair_knowledge(
    upstream: Upstream, pair_ids: Sequence[str], answers: Sequence[Mapping[str, Any] | None]
) -> list[PairKnowledge]:
    """Return what is known of each pair, without the next best attribute; what the run has not made is None there.

    Args:
        upstream: tables of `audit`, `replacements.test` and `similarities.test` are read where they are there.
        pair_ids: of all pairs.
        answers: row of the table `answers` of each, whose attribute the replacements lack.
    """
    leading = [None if row is None else row["leading_attribute"] for row in answers]
    tests, outcomes = read_replacement_tests(upstream, pair_ids, leading), _outcomes(upstream)
    scores = _similarities(upstream)
    return [
        PairKnowledge(tests.get(pair_id), outcomes.get(pair_id), similarity=scores.get(pair_id)) for pair_id in pair_ids
    ]


def read_replacement_tests(
    upstream: Upstream, pair_ids: Sequence[str], attributes: Sequence[str | None]
) -> dict[str, ReplacementTest]:
    """Return what replacing the query did to the similarity, by id of the pairs where the run has tried.

    Args:
        upstream: the table of `replacements.test` is read where it is there.
        pair_ids: of the pairs.
        attributes: that the replacements of each lack; None for none.

    Raises:
        StoreError: the table cannot be read.
    """
    if REPLACEMENTS not in upstream.manifests:
        return {}
    named = pa.table({"pair_id": pa.array(pair_ids, pa.string()), "named": pa.array(attributes, pa.string())})
    pieces = [upstream.store.read_part_table(one, "replacements", _COLUMNS) for one in upstream.commits(REPLACEMENTS)]
    table = pa.concat_tables(pieces)
    # A row for every pair, attribute and kind would be millions: filtered while still columns.
    place = pc.index_in(table["pair_id"], named["pair_id"].combine_chunks())
    own = table.filter(pc.fill_null(pc.equal(named["named"].take(place), table["attribute"]), False))
    effects: dict[str, dict[str, float | None]] = {}
    columns = (own[name].to_pylist() for name in ("pair_id", "kind", "effect"))
    for pair_id, kind, effect in zip(*columns, strict=True):
        effects.setdefault(pair_id, {})[kind] = effect
    tests = {pair_id: replacement_test(by_kind) for pair_id, by_kind in effects.items()}
    return {pair_id: test for pair_id, test in tests.items() if test is not None}


def _similarities(upstream: Upstream) -> dict[str, float]:
    if SIMILARITIES not in upstream.manifests:
        return {}
    table = upstream.table(SIMILARITIES, "similarities")
    return dict(zip(table["pair_id"].to_pylist(), table["similarity"].to_pylist(), strict=True))


def _outcomes(upstream: Upstream) -> dict[str, dict[str, Any]]:
    """Return the row of `audit_outcomes` of each pair's answer."""
    if AUDIT not in upstream.manifests:
        return {}
    outcomes = upstream.table(AUDIT, "audit_outcomes")
    rows = outcomes.filter(pc.equal(outcomes["variant"], ANSWER)).to_pylist()
    return {row["pair_id"]: row for row in rows}
