"""Tables over all test pairs, cut down to what pages of pairs show, and read once a process.

A run has thousands of shards of pages and one table of explanations with millions of rows: read for every shard, it
would take longer than the pages.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from flows.readers.named_results import named_results
from pipeline.evaluation.audit.answers import ANSWER

# Part of each stage that is read, and its columns, None for all.
_READ: Mapping[str, tuple[str, tuple[str, ...] | None]] = {
    "pairs.test": ("pairs", None),
    "similarities.test": ("similarities", ("pair_id", "similarity")),
    "answers": ("answers", None),
    "answer_sets": ("answer_sets", None),
    "explanations": ("explanations", None),
    "match_components.test": (
        "match_components",
        ("pair_id", "component", "share", "p_value", "attribute", "is_signed"),
    ),
    "audit": ("audit_outcomes", None),
    "replacements.test": ("replacements", ("pair_id", "attribute", "kind", "effect", "replacements")),
}
_KINDS = ("deletion", "matched")

Rows = Mapping[str, list[dict[str, Any]]]


class PairTables:
    """Rows of single pairs, from tables that hold what pages show of all pairs.

    Args:
        tables: by stage.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = tables

    def rows(self, stage: str, pair_ids: list[str]) -> Rows:
        """Return the rows of each of these pairs by its id, in the table's order; none where the stage is not read."""
        found: dict[str, list[dict[str, Any]]] = {pair_id: [] for pair_id in pair_ids}
        if stage in self._tables:
            table = self._tables[stage]
            # Filtered while still columns.
            own = table.filter(pc.is_in(table["pair_id"], value_set=pa.array(pair_ids, pa.string())))
            for row in own.to_pylist():
                found[row["pair_id"]].append(row)
        return found

    def first(self, stage: str, pair_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return the row of each of these pairs that has one, by pair id."""
        return {pair_id: rows[0] for pair_id, rows in self.rows(stage, pair_ids).items() if rows}


def read_pair_tables(upstream: Upstream) -> PairTables:
    """Return the tables of what is upstream; equal results are read once a process.

    Raises:
        StoreError: a table cannot be read.
    """
    manifests = {stage: upstream.manifests[stage] for stage in _READ if stage in upstream.manifests}
    named = tuple(sorted((stage, manifest.fingerprint) for stage, manifest in manifests.items()))
    return _read(upstream.store.root.address, named)


@lru_cache(maxsize=1)
def _read(store_root: str, named: tuple[tuple[str, str], ...]) -> PairTables:
    upstream = named_results(store_root, named)
    tables = {stage: _table(upstream, stage) for stage, _ in named}
    if "answers" not in tables:  # images have no attributes
        return PairTables(tables)
    answers = tables["answers"]
    tables["explanations"] = _shown_explanations(tables["explanations"], answers)
    tables["replacements.test"] = _of_leading_attributes(tables["replacements.test"], answers)
    if "audit" in tables:
        tables["audit"] = _of_answers(tables["audit"], answers)
    return PairTables(tables)


def _table(upstream: Upstream, stage: str) -> pa.Table:
    part, columns = _READ[stage]
    pieces = [upstream.store.read_part_table(commit, part, columns) for commit in upstream.commits(stage)]
    return pa.concat_tables(pieces)


def _answering(answers: pa.Table) -> str:
    return str(answers["variant"][0].as_py()) if len(answers) else ""


def _shown_explanations(table: pa.Table, answers: pa.Table) -> pa.Table:
    """Return the ranking of the variant that answers, and what each other variant names first."""
    is_first = pc.equal(table["rank"], 1)
    return table.filter(pc.or_(is_first, pc.equal(table["variant"], _answering(answers))))


def _of_answers(outcomes: pa.Table, answers: pa.Table) -> pa.Table:
    """Return what is true of each pair and its answer; the first row of a pair counts.

    Where none is named, the row of the attribute that would lead comes first, if the answering variant names that one:
    it may name one that the query lacks.
    """
    own = outcomes.filter(pc.equal(outcomes["variant"], ANSWER))
    is_named = pc.is_valid(own["attribute"])
    leading = _of_leading(outcomes.filter(pc.equal(outcomes["variant"], _answering(answers))), answers)
    return pa.concat_tables([own.filter(is_named), leading, own.filter(pc.invert(is_named))])


def _of_leading_attributes(table: pa.Table, answers: pa.Table) -> pa.Table:
    """Return the replacements that lose, and those that keep, the attribute that leads for their pair."""
    return _of_leading(table.filter(pc.is_in(table["kind"], value_set=pa.array(_KINDS))), answers)


def _of_leading(table: pa.Table, answers: pa.Table) -> pa.Table:
    """Return the rows of the attribute that leads for their pair."""
    places = pc.index_in(table["pair_id"], value_set=answers["pair_id"].combine_chunks())
    leading = answers["leading_attribute"].take(places.combine_chunks())
    return table.filter(pc.fill_null(pc.equal(table["attribute"], leading), False))
