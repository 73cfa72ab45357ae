"""The planted similarity of two items, written out from its definition: shared drivers, graded by type."""

import math


def planted_similarity(
    query: dict[str, str], reference: dict[str, str], weights: dict[str, dict[str, float]], parts: set[str]
) -> float:
    """Return the similarity of two items.

    Each item maps "type" and every driver to its state; a part's state is "on" or "off". `weights` maps type
    and driver to the driver's weight; drivers that a type lacks are left out of it.
    """

    def is_there(item: dict[str, str], driver: str) -> bool:
        return item[driver] == "on" if driver in parts else True

    shared = 0.0
    for driver, query_weight in weights[query["type"]].items():
        reference_weight = weights[reference["type"]].get(driver)
        if reference_weight is None or not is_there(query, driver):
            continue
        if query[driver] == reference[driver]:
            shared += query_weight * reference_weight
    norms = 1.0
    for item in (query, reference):
        present = [weight for driver, weight in weights[item["type"]].items() if is_there(item, driver)]
        norms *= math.sqrt(sum(weight * weight for weight in present))
    return shared / norms
