"""The planted similarities of two items, written out from their definitions, pair by pair and without coordinates."""

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


def conjunctive_similarity(
    query: dict[str, str], reference: dict[str, str], weights: dict[str, dict[str, float]], parts: set[str]
) -> float:
    """Return the similarity of two items as above, where a driver such as "colour&part" needs both shared at once."""

    def shares(first: dict[str, str], second: dict[str, str], drivers: str) -> bool:
        names = drivers.split("&")
        on = all(first[name] == "on" for name in names if name in parts)
        return on and all(first[name] == second[name] for name in names)

    def kernel(first: dict[str, str], second: dict[str, str]) -> float:
        shared = 0.0
        for drivers, weight in weights[first["type"]].items():
            if shares(first, second, drivers):
                shared += weight * weights[second["type"]].get(drivers, 0.0)
        return shared

    return kernel(query, reference) / math.sqrt(kernel(query, query) * kernel(reference, reference))


def saturated_similarity(
    query: dict[str, str],
    reference: dict[str, str],
    weights: dict[str, dict[str, float]],
    groups: dict[str, dict[str, float]],
    rate: float,
) -> float:
    """Return the similarity of two items by body colour and by how much each has of two groups of parts.

    `groups` maps a group to the sizes of its parts; of a group an item has 1 - exp(-rate * sum of its parts' sizes).
    """

    def has(item: dict[str, str], group: str) -> float:
        return 1 - math.exp(-rate * sum(size for part, size in groups[group].items() if item[part] == "on"))

    def kernel(first: dict[str, str], second: dict[str, str]) -> float:
        own, other = weights[first["type"]], weights[second["type"]]
        same = own["body_colour"] * other["body_colour"] if first["body_colour"] == second["body_colour"] else 0.0
        return same + sum(own[group] * other[group] * has(first, group) * has(second, group) for group in groups)

    return kernel(query, reference) / math.sqrt(kernel(query, query) * kernel(reference, reference))


def continuous_similarity(
    query: dict[str, float | None],
    reference: dict[str, float | None],
    weights: tuple[dict[str, float], dict[str, float]],
    widths: dict[str, float],
) -> float:
    """Return the similarity of two items by quantities: each counts exp(-(difference / width)^2 / 4).

    `weights` are those of the query and of the reference. An item all of whose quantities are None is wholly similar
    to others like it, and not at all to the rest.
    """

    def kernel(first: dict[str, float | None], second: dict[str, float | None], w1: dict, w2: dict) -> float:
        if all(value is None for value in first.values()) or all(value is None for value in second.values()):
            return float(first.keys() == second.keys() and set(first.values()) == set(second.values()) == {None})
        return sum(
            w1[name] * w2[name] * math.exp(-(((first[name] - second[name]) / widths[name]) ** 2) / 4) for name in widths
        )

    own, other = weights
    norms = kernel(query, query, own, own) * kernel(reference, reference, other, other)
    return kernel(query, reference, own, other) / math.sqrt(norms)
