"""Protocols by which others judge saliency maps, written with loops from the definitions in their papers."""

import itertools
import math


def mass(saliency, region):
    """Share of the positive saliency in a region; None where there is none."""
    total = inside = 0.0
    for y, row in enumerate(saliency):
        for x, value in enumerate(row):
            if value > 0:
                total += value
                inside += value if region[y][x] else 0.0
    return inside / total if total else None


def rank_accuracy(saliency, region):
    """The region's share of the k highest pixels, averaged over every choice among those that tie at the end."""
    pixels = [(saliency[y][x], bool(region[y][x])) for y in range(len(saliency)) for x in range(len(saliency[0]))]
    k = sum(inside for _, inside in pixels)
    last = sorted((value for value, _ in pixels), reverse=True)[k - 1]
    above = [inside for value, inside in pixels if value > last]
    tied = [inside for value, inside in pixels if value == last]
    choices = list(itertools.combinations(tied, k - len(above)))
    return sum(sum(above) + sum(choice) for choice in choices) / len(choices) / k


def mean_ranks(values):
    """Ranks from 1, ties at the mean of their places."""
    ranks = []
    for value in values:
        smaller = sum(other < value for other in values)
        equal = sum(other == value for other in values)
        ranks.append(smaller + (equal + 1) / 2)
    return ranks


def pearson(first, second):
    """The correlation coefficient from its sums."""
    n = len(first)
    mean_first, mean_second = sum(first) / n, sum(second) / n
    top = below_first = below_second = 0.0
    for one, other in zip(first, second, strict=True):
        top += (one - mean_first) * (other - mean_second)
        below_first += (one - mean_first) ** 2
        below_second += (other - mean_second) ** 2
    return top / math.sqrt(below_first * below_second)


def spearman(first, second):
    """Pearson's correlation of mean ranks."""
    return pearson(mean_ranks(first), mean_ranks(second))


def idle_pixels(regions, effects, floor):
    """Pixels of parts whose effect is at most the floor, and of no part with a larger one."""
    height, width = len(regions[0]), len(regions[0][0])
    found = [[False] * width for _ in range(height)]
    for y in range(height):
        for x in range(width):
            sizes = [abs(effect) for region, effect in zip(regions, effects, strict=True) if region[y][x]]
            sizes = [size for size in sizes if not math.isnan(size)]
            found[y][x] = bool(sizes) and max(sizes) <= floor
    return found


def moved(saliency, other_saliency, region, other_region):
    """What mass gains in the region against the other region, from one map to the other."""
    only = [[a and not b for a, b in zip(*rows, strict=True)] for rows in zip(region, other_region, strict=True)]
    other_only = [[b and not a for a, b in zip(*rows, strict=True)] for rows in zip(region, other_region, strict=True)]
    return (mass(saliency, only) - mass(saliency, other_only)) - (
        mass(other_saliency, only) - mass(other_saliency, other_only)
    )


def gini(saliency):
    """Half the mean absolute difference of two pixels' sizes, by their mean."""
    sizes = [abs(value) for row in saliency for value in row]
    differences = sum(abs(one - other) for one in sizes for other in sizes)
    return differences / (2 * len(sizes) * sum(sizes)) if sum(sizes) else 0.0


def sensitivity(saliency, noisy):
    """The largest length of a change, by the length of the map."""
    length = math.sqrt(sum(value**2 for row in saliency for value in row))
    changes = []
    for other in noisy:
        total = 0.0
        for row, other_row in zip(saliency, other, strict=True):
            for value, other_value in zip(row, other_row, strict=True):
                total += (other_value - value) ** 2
        changes.append(math.sqrt(total))
    return max(changes) / length


def removed_saliency(saliency, removed):
    """The sum over the removed pixels."""
    return sum(
        value
        for row, flags in zip(saliency, removed, strict=True)
        for value, flag in zip(row, flags, strict=True)
        if flag
    )


def imputed(image, removed, sweeps=20_000):
    """Each removed pixel the mean of its neighbours, 1/6 beside and 1/12 across, by repeating until nothing moves."""
    height, width = len(image), len(image[0])
    filled = [[0.0 if removed[y][x] else float(image[y][x]) for x in range(width)] for y in range(height)]
    for _ in range(sweeps):
        largest = 0.0
        for y in range(height):
            for x in range(width):
                if not removed[y][x]:
                    continue
                top = below = 0.0
                for dy, dx in itertools.product((-1, 0, 1), repeat=2):
                    if (dy, dx) == (0, 0) or not (0 <= y + dy < height and 0 <= x + dx < width):
                        continue
                    weight = 1 / 12 if dy and dx else 1 / 6
                    top += weight * filled[y + dy][x + dx]
                    below += weight
                largest = max(largest, abs(top / below - filled[y][x]))
                filled[y][x] = top / below
        if largest < 1e-10:
            break
    return filled


def anchored_area(scores, full, blank):
    """Trapezoids over equal steps of the scores scaled by both ends, the query's score first; None without a gap."""
    if abs(full - blank) < 0.02:
        return None
    scaled = [(score - blank) / (full - blank) for score in [full, *scores]]
    return sum((one + other) / 2 for one, other in itertools.pairwise(scaled)) / (len(scaled) - 1)


def right_choices(measure, truth):
    """Of each pair the share of two generators whose truly better map the measure prefers, half where it tells none."""
    shares = []
    for pair in range(len(truth[0])):
        points = []
        for one in range(len(truth)):
            for other in range(one):
                values = (measure[one][pair], measure[other][pair], truth[one][pair], truth[other][pair])
                if any(math.isnan(value) for value in values) or values[2] == values[3]:
                    continue
                if values[0] == values[1]:
                    points.append(0.5)
                else:
                    points.append(float((values[0] > values[1]) == (values[2] > values[3])))
        shares.append(sum(points) / len(points) if points else None)
    return shares
