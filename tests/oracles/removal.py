"""Removal, by looking at every image of the pool for every pair and attribute."""


def dot(u, v):
    return sum(float(a) * float(b) for a, b in zip(u, v, strict=True))


def removal(embeddings, query, reference, labels, groups, attribute, types=None):
    """(replacement or None, reason, effect or None, distance or None) for one pair and attribute."""
    if not labels[query][attribute]:
        return None, "query_lacks", 0.0, None
    best, best_similarity = None, None
    for image in range(len(embeddings)):
        if groups[image] == groups[query] or groups[image] == groups[reference]:
            continue
        if labels[image][attribute]:
            continue
        if types is not None and types[image] != types[query]:
            continue
        similarity = round(dot(embeddings[image], embeddings[query]), 12)
        if best is None or similarity > best_similarity:
            best, best_similarity = image, similarity
    if best is None:
        return None, "none_found", None, None
    before = dot(embeddings[query], embeddings[reference])
    after = dot(embeddings[best], embeddings[reference])
    change = [float(a) - float(b) for a, b in zip(embeddings[best], embeddings[query], strict=True)]
    return best, "replaced", after - before, dot(change, change) ** 0.5
