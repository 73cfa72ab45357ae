"""How alike the maps of two models are, of every generator and mode that both have."""

import numpy as np

from flows.compare.map_lookup import MapLookup
from flows.compare.shared_pairs import SharedPairs
from flows.compare.sides import Side
from flows.readers.saliency_maps import maps_stage
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.model_comparison.maps import MapAgreement, map_agreements
from pipeline.report.generator_names import is_control

# Maps held at once; also the pairs among which maps of other queries are taken.
_PAIRS_AT_ONCE = 256


def read_map_agreements(first: Side, second: Side, shared: SharedPairs, pairs: MeasuredPairs) -> list[MapAgreement]:
    """Return the agreement of the maps of each generator and mode that both have, controls left out.

    Raises:
        StoreError: a store cannot be read.
    """
    found = []
    for generator, mode in first.facts["generator_modes"]:
        stage = maps_stage(generator, mode)
        if not is_control(generator) and all(stage in side.upstream.manifests for side in (first, second)):
            found.append(_agreement(first, second, shared, pairs, (generator, mode)))
    return found


def _agreement(
    first: Side, second: Side, shared: SharedPairs, pairs: MeasuredPairs, key: tuple[str, str]
) -> MapAgreement:
    lookups = (MapLookup(first.upstream, *key), MapLookup(second.upstream, *key))
    agreement_p, others_p = (np.full(len(shared.pair_ids), np.nan) for _ in range(2))
    # A generator may explain some pairs only.
    rows = [row for row, pair_id in enumerate(shared.pair_ids) if all(pair_id in lookup for lookup in lookups)]
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        chosen = rows[start : start + _PAIRS_AT_ONCE]
        first_phw, second_phw = (np.stack([one.of(shared.pair_ids[row]) for row in chosen]) for one in lookups)
        queries = [shared.queries[row] for row in chosen]
        agreement_p[chosen], others_p[chosen] = map_agreements(first_phw, second_phw, queries)
    return MapAgreement(*key, pairs.mean(agreement_p), pairs.mean(others_p))
