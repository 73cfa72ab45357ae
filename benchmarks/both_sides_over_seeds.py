"""Both sides of a match over several seeds of rendered items: do maps find the causes, and are these told apart?

    sane run CONFIG --set evaluation.seeds=[0,1,2] --set saliency.correspondence.enabled=true \\
        --until correspondence_localisation.test
    python -m benchmarks.both_sides_over_seeds CONFIG --set evaluation.seeds=[0,1,2] \\
        --set saliency.correspondence.enabled=true

Seeds are of items, models and masks alike. Prints AUROC by cause, side and map, and the share of pairs with two causes
that are told apart: of each seed, and the mean over all pairs of all seeds with a 95 % interval that resamples queries.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.both_sides_figures import table
from flows.results import open_results
from pipeline.evaluation.bootstrap import clustered_interval

MAPS = {
    "joint": "joint effects with all of the other image",
    "row": "joint effects with the cause's true pixels of the query",
    "one_sided": "RISE; of the reference with roles swapped",
    "centre": "a blob in the middle",
    "matching_component": "the component that finds the cause best in the query",
}
PLACES = [(cause, side) for cause in ("first", "second") for side in ("query", "reference")]
TOLD_APART = {"told_apart_by_region": "by region", "told_apart_by_components": "by components"}

# Seed, query, value.
Found = list[tuple[int, str, float]]


def cell(found: Found) -> str:
    """Return the mean with its interval and each seed's mean, x 100; a dash without values."""
    if not found:
        return "–"
    seeds_n = np.array([seed for seed, _, _ in found])
    _, clusters_n = np.unique([f"{seed} {query}" for seed, query, _ in found], return_inverse=True)
    values_n = np.array([value for _, _, value in found])
    whole = clustered_interval(values_n, clusters_n, seed=0)
    by_seed = ", ".join(f"{100 * values_n[seeds_n == seed].mean():.1f}" for seed in dict.fromkeys(sorted(seeds_n)))
    return f"{100 * whole.value:.1f} [{100 * whole.low:.1f}, {100 * whole.high:.1f}] ({by_seed})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    options = parser.parse_args()
    results = open_results(options.config, options.overrides)
    # Pairs of the other splits may not have been drawn yet; of these none is looked up.
    pairs = results.table("pairs", stale_ok=True).to_pylist()
    query_of = {(row["seed"], row["pair_id"]): row["query"] for row in pairs}
    located: dict[tuple[str, str, str], Found] = defaultdict(list)
    for row in results.table("correspondence_localisation").to_pylist():
        if row["auroc"] is not None:
            unit = row["seed"], query_of[row["seed"], row["pair_id"]], row["auroc"]
            located[row["map"], row["cause"], row["side"]].append(unit)
    heads = ["map", *(f"{cause} cause, {side}" for cause, side in PLACES)]
    print(table(heads, [[name, *(cell(located[map_, *place]) for place in PLACES)] for map_, name in MAPS.items()]))
    for cause in ("first", "second"):
        print(f"\n{len(located['joint', cause, 'query'])} pairs with a {cause} cause")
    apart: dict[str, Found] = defaultdict(list)
    for row in results.table("correspondence_causes").to_pylist():
        for column in TOLD_APART:
            if row[column] is not None:
                apart[column].append((row["seed"], query_of[row["seed"], row["pair_id"]], row[column]))
    rows = [[name, cell(apart[column]), str(len(apart[column]))] for column, name in TOLD_APART.items()]
    print(f"\n{table(['told apart', '%', 'pairs'], rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
