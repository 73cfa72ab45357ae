"""Which images of a batch form the tuples that are erased."""

import numpy as np


def disjoint_tuples(distances_nn: np.ndarray, classes_n: np.ndarray, negatives: int) -> np.ndarray:
    """Return int64 positions (tuple, image): anchor, positive, then `negatives` images of different other classes.

    Anchors are taken in the order of the batch. Each gets the farthest image of its class and the nearest of other
    classes, among those that no tuple holds yet; one for which there are too few left is no anchor. No draw is made,
    and no image is in two tuples, so a tuple costs as many passes as it has images, and all together at most a batch.

    Args:
        distances_nn: of the embeddings of the batch.
        classes_n: class of each image.
        negatives: 0 for pairs, 1 for triplets, 2 for quadruplets.
    """
    free_n = np.ones(len(classes_n), dtype=bool)
    tuples: list[list[int]] = []
    for anchor in range(len(classes_n)):
        if not free_n[anchor]:
            continue
        members = _tuple_of(anchor, distances_nn[anchor], classes_n, free_n, negatives)
        if members is not None:
            tuples.append(members)
            free_n[members] = False
    return np.array(tuples, dtype=np.int64).reshape(len(tuples), 2 + negatives)


def _tuple_of(
    anchor: int, distances_n: np.ndarray, classes_n: np.ndarray, free_n: np.ndarray, negatives: int
) -> list[int] | None:
    """Return the positions of an anchor's tuple, None where too few images are free."""
    of_class_n = classes_n == classes_n[anchor]
    alike = np.flatnonzero(free_n & of_class_n & (np.arange(len(classes_n)) != anchor))
    if len(alike) == 0:
        return None
    members = [anchor, int(alike[np.argmax(distances_n[alike])])]
    open_n = free_n & ~of_class_n
    for _ in range(negatives):
        others = np.flatnonzero(open_n)
        if len(others) == 0:
            return None
        nearest = int(others[np.argmin(distances_n[others])])
        members.append(nearest)
        open_n &= classes_n != classes_n[nearest]
    return members
