"""The test with other images in the query's place, where the run has made it for a pair."""

import pyarrow.compute as pc

from flows.explain.results import REPLACEMENTS, StoredResults
from pipeline.pairs.sampling import pair_id
from pipeline.report.replacement_test import ReplacementTest, replacement_test

_COLUMNS = ["pair_id", "attribute", "kind", "effect"]


def kept_replacement_test(
    results: StoredResults, query: str, reference: str, condition: str | None, attribute: str | None
) -> ReplacementTest | None:
    """Return what replacing the query did to the similarity; None for no attribute, and for other than test pairs.

    Args:
        results: of the run.
        query: id of the query.
        reference: id of the reference.
        condition: under which they are compared.
        attribute: that the replacements lack.

    Raises:
        StoreError: the table cannot be read.
    """
    if attribute is None or REPLACEMENTS not in results.upstream.manifests:
        return None
    wanted = pair_id("test", query, reference, condition or "")
    effects: dict[str, float | None] = {}
    for commit in results.upstream.commits(REPLACEMENTS):
        table = results.upstream.store.read_part_table(commit, "replacements", _COLUMNS)
        is_own = pc.and_(pc.equal(table["pair_id"], wanted), pc.equal(table["attribute"], attribute))
        effects |= {row["kind"]: row["effect"] for row in table.filter(is_own).to_pylist()}
    return replacement_test(effects)
