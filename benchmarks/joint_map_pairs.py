"""Which pairs joint_map_passes and fewer_passes measure, what of their maps, and where causes are on rendered items."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.rise_schemes import Explained, Query
from flows.auto_compute.resolve import resolved
from flows.configured_runs import ConfiguredRun
from flows.readers.pair_causes import read_causes
from flows.settings.configuration import Settings
from flows.stages.true_effects import rendered
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.audit.localisation import map_auroc, scored_regions
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.randomness import keyed_rng

STRETCH_QUERIES = 10


def walked_pairs(queries: Sequence[Query]) -> list[tuple[str, str]]:
    """Return a pair (query, reference) of every query, in an order in which references are the next queries.

    From each query to its first reference that is a query and had no turn yet; where there is none, its first
    reference ends the walk and the next begins at the next query. Walks stay within what the model takes for alike,
    often a class; so that the first pairs are of many classes, short stretches come in a random order.
    """
    references = dict(queries)
    found: dict[str, str] = {}
    for start in references:
        query: str | None = start
        while query is not None and query not in found:
            ahead = [name for name in references[query] if name in references and name not in found and name != query]
            found[query] = ahead[0] if ahead else references[query][0]
            query = ahead[0] if ahead else None
    pairs = list(found.items())
    stretches = [pairs[start : start + STRETCH_QUERIES] for start in range(0, len(pairs), STRETCH_QUERIES)]
    return [pair for number in keyed_rng(0, "stretches").permutation(len(stretches)) for pair in stretches[number]]


def cause_regions(settings: Settings) -> dict[tuple[str, str], npt.NDArray[np.bool_]]:
    """Return bool (y, x) by (query, reference): where the query shows the cause of the match with the largest effect.

    A cause is an attribute of both images whose edit moves the score. Pairs without one, or whose region is empty or
    more than half of the image, are left out.
    """
    upstream = ConfiguredRun(resolved(settings)).current()
    causes = read_causes(upstream)
    spec = planted_spec(rendered(settings))
    found = {}
    for pair in upstream.rows("pairs.test", "pairs"):
        if not causes[pair["pair_id"]]:
            continue
        region_hw = changed_region(spec, pair["query"], causes[pair["pair_id"]][0])
        if scored_regions(np.array([region_hw.mean()]))[0]:
            found[pair["query"], pair["reference"]] = region_hw
    return found


def measures_of_maps(
    explained: Explained,
    pair: tuple[str, str],
    maps_khw: npt.NDArray[np.floating],
    region_hw: npt.NDArray[np.bool_] | None,
    steps: int,
) -> npt.NDArray[np.float64]:
    """Return float64 (insertion, deletion, AUROC; map) of maps of a pair's query; AUROC NaN without a region."""
    query, mask_d = pair[0], explained.conditions.mask_of(explained.condition_of[pair])
    curves = faithfulness_of_query(
        explained.scorer,
        explained.images.of(query),
        maps_khw,
        np.tile(explained.reference(pair), (len(maps_khw), 1)),
        explained.canvas,
        (0, query),
        steps,
        None if mask_d is None else np.tile(mask_d, (len(maps_khw), 1)),
    ).curves
    return np.array(
        [
            [curve.insertion_auc for curve in curves],
            [curve.deletion_auc for curve in curves],
            [np.nan if region_hw is None else map_auroc(map_hw, region_hw) for map_hw in maps_khw],
        ]
    )
