"""Shards that ask whether maps find the region of the truly best attribute: one for each shard of test maps."""

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from stores.fingerprints import fingerprint

TRUE_EFFECTS = "true_effects.test"


def plan_map_localisation(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of the maps; it depends on these and on which attribute of each pair is best.

    Effects that change without changing which is largest leave a shard as it is.
    """
    maps_stage = stage.settings["maps"]
    best = best_attributes(upstream)
    map_rows = upstream.table(maps_stage, "map_rows").select(["pair_id", "query", "row"]).to_pylist()
    shards, start = [], 0
    for commit in upstream.commits(maps_stage):
        stop = start + int(commit.parts["map_rows"].detail["rows"])
        pairs = [{**pair, "attribute": best[pair["pair_id"]]} for pair in map_rows[start:stop]]
        start = stop
        inputs = {
            "maps": commit.parts["maps"].digest,
            "best_attributes": fingerprint([list(pair.values()) for pair in pairs]),
        }
        work = {"pairs": pairs, "maps_shard": commit.shard_key}
        shards.append(ShardPlan(commit.shard_label, inputs, work))
    return shards


def best_attributes(upstream: Upstream) -> dict[str, str]:
    """Return each test pair's truly best attribute: of those that the query has, the one with the largest effect.

    The first of equals, in the order of the vocabulary.
    """
    table = upstream.table(TRUE_EFFECTS, "true_effects")
    columns = [table[name].to_pylist() for name in ("pair_id", "attribute", "present", "effect")]
    best: dict[str, tuple[float, str]] = {}
    for pair_id, attribute, present, effect in zip(*columns, strict=True):
        if present and (pair_id not in best or effect > best[pair_id][0]):
            best[pair_id] = (effect, attribute)
    return {pair_id: attribute for pair_id, (_, attribute) in best.items()}
