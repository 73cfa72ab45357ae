"""The parts of chosen matches, for pictures."""

from collections.abc import Collection

from flows.engine.upstream import Upstream
from pipeline.report.both_sides import MatchPart

REGIONS, NAMES = "correspondences.test", "match_components.test"


def read_match_parts(upstream: Upstream, pair_ids: Collection[str]) -> dict[str, list[MatchPart]]:
    """Return the parts of each of these pairs, largest first; empty where the run has none, or signed ones."""
    if REGIONS not in upstream.manifests or NAMES not in upstream.manifests:
        return {}
    names: dict[str, list[dict[str, object]]] = {}
    for row in upstream.rows(NAMES, "match_components"):
        if row["pair_id"] in pair_ids and not row["is_signed"]:
            names.setdefault(row["pair_id"], []).append(row)
    found: dict[str, list[MatchPart]] = {}
    for commit in upstream.commits(REGIONS):
        rows = upstream.store.read_part_table(commit, "correspondence_rows", ["pair_id", "row"]).to_pylist()
        wanted = [row for row in rows if row["pair_id"] in names]
        if not wanted:
            continue
        sides = ("query_regions", "reference_regions")
        arrays = upstream.store.read_part_arrays(commit, "components", sides)
        for row in wanted:
            query_khw, reference_khw = (arrays[side][row["row"]] for side in sides)
            found[row["pair_id"]] = [
                MatchPart(query_khw[k], reference_khw[k], one["share"], one["p_value"], one["attribute"])  # type: ignore[arg-type]
                for k, one in enumerate(names[row["pair_id"]])
            ]
    return found
