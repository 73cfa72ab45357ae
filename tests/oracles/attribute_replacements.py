"""Deletion, insertion and matched effects, by looking at every image for every pair and attribute, with loops only."""

STEP = 2.0**-15


def standardised(logits):
    """Logits of one predictor as whole steps of 2^-15 of each attribute's deviation, (image, attribute)."""
    n, n_attributes = len(logits), len(logits[0])
    columns = []
    for a in range(n_attributes):
        values = [float(logits[i][a]) for i in range(n)]
        mean = sum(values) / n
        deviation = (sum((value - mean) ** 2 for value in values) / n) ** 0.5
        flat = max(values) == min(values)
        columns.append([0.0 if flat else round((value - mean) / deviation / STEP) * STEP for value in values])
    return [[columns[a][i] for a in range(n_attributes)] for i in range(n)]


def squared_distance(predictors, i, j, left_out):
    """Squared distance of two images by all attributes but one, averaged over predictors, times their number."""
    return sum(
        (standard[i][b] - standard[j][b]) ** 2
        for standard in predictors
        for b in range(len(standard[0]))
        if b != left_out
    )


def cosine(u, v):
    return sum(float(a) * float(b) for a, b in zip(u, v, strict=True))


def distance(u, v):
    return sum((float(a) - float(b)) ** 2 for a, b in zip(u, v, strict=True)) ** 0.5


def masked(embedding, mask):
    if mask is None:
        return [float(x) for x in embedding]
    products = [float(x) * float(m) for x, m in zip(embedding, mask, strict=True)]
    norm = sum(x * x for x in products) ** 0.5
    return [x / norm for x in products]


def usable(images, query, reference, groups, types):
    return [i for i in images if groups[i] not in (groups[query], groups[reference]) and types[i] == types[query]]


def opposites(predictors, has, query, reference, groups, types, attribute, k):
    """The k nearest images of the other presence, nearest first."""
    others = [i for i in range(len(has)) if bool(has[i][attribute]) != bool(has[query][attribute])]
    others = usable(others, query, reference, groups, types)
    return sorted(others, key=lambda i: (squared_distance(predictors, query, i, attribute), i))[:k]


def keepers(embeddings, has, query, reference, groups, types, attribute, lacking):
    """For each image that lacks the attribute one that keeps it, as far from the query, none twice."""
    left = usable([i for i in range(len(has)) if has[i][attribute]], query, reference, groups, types)
    chosen = []
    for image in lacking:
        if not left:
            break
        target = distance(embeddings[query], embeddings[image])
        best = min(left, key=lambda i: (round(abs(distance(embeddings[query], embeddings[i]) - target), 9), i))
        left.remove(best)
        chosen.append(best)
    return chosen


def mean(values):
    return sum(values) / len(values)


def effects(embeddings, logits, has, query, reference, groups, types, attribute, k, mask=None):
    """For each kind (images, reason, effect or None, distance or None, difference of distances or None)."""
    predictors = [standardised(one) for one in logits]
    embeddings = [masked(one, mask) for one in embeddings]

    def change(image):
        return cosine(embeddings[image], embeddings[reference]) - cosine(embeddings[query], embeddings[reference])

    def away(image):
        return distance(embeddings[query], embeddings[image])

    chosen = opposites(predictors, has, query, reference, groups, types, attribute, k)
    reason = "replaced" if len(chosen) == k else "too_few" if chosen else "none_found"
    one_side = (chosen, reason, None, None, None)
    if chosen:
        one_side = (chosen, reason, mean([change(i) for i in chosen]), mean([away(i) for i in chosen]), None)
    if not has[query][attribute]:
        lacks = ([], "query_lacks", 0.0, None, None)
        return {"deletion": lacks, "insertion": one_side, "matched": lacks}
    kept = keepers(embeddings, has, query, reference, groups, types, attribute, chosen)
    matched = (kept, "none_found", None, None, None)
    if kept:
        both = list(zip(chosen, kept, strict=False))
        matched = (
            kept,
            "replaced" if len(kept) == k else "too_few",
            mean([change(lacking) - change(keeping) for lacking, keeping in both]),
            mean([away(keeping) for _, keeping in both]),
            mean([away(lacking) - away(keeping) for lacking, keeping in both]),
        )
    return {"deletion": one_side, "insertion": ([], "query_has", None, None, None), "matched": matched}


def halves(embeddings, logits, has, query, reference, groups, types, attribute, k, mask=None):
    """Matched effect over the first, third, ... pair of images and over the second, fourth, ..., None where none."""
    if not has[query][attribute]:
        return [None, None]
    predictors = [standardised(one) for one in logits]
    seen = [masked(one, mask) for one in embeddings]
    lacking = opposites(predictors, has, query, reference, groups, types, attribute, k)
    keeping = keepers(seen, has, query, reference, groups, types, attribute, lacking)
    found = [[], []]
    for place, (without, kept) in enumerate(zip(lacking, keeping, strict=False)):
        found[place % 2].append(cosine(seen[without], seen[reference]) - cosine(seen[kept], seen[reference]))
    return [mean(values) if values else None for values in found]
