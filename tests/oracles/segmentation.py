"""Overlap of masks pixel by pixel, as PASCAL-5i's evaluations describe it; imports nothing of the pipeline."""

IGNORED = 255

Grid = list[list[int]]
# Fold, class that is sought, what was found (1 where object), true classes.
Segmented = tuple[int, int, Grid, Grid]


def overlap(found: list[Segmented], is_object: bool) -> float:
    """Return pixels that both masks call object (or ground) over those that either does, over all episodes."""
    shared = either = 0
    for _, target, mask, labels in found:
        for found_row, true_row in zip(mask, labels, strict=True):
            for one, label in zip(found_row, true_row, strict=True):
                if label == IGNORED:
                    continue
                says, is_true = (one == 1) == is_object, (label == target) == is_object
                shared += says and is_true
                either += says or is_true
    return shared / either


def mean_iou(found: list[Segmented]) -> float:
    """Return the mean over folds of the mean over the fold's classes."""
    of_folds = []
    for fold in sorted({one[0] for one in found}):
        of_fold = [one for one in found if one[0] == fold]
        classes = sorted({one[1] for one in of_fold})
        values = [overlap([one for one in of_fold if one[1] == target], True) for target in classes]
        of_folds.append(sum(values) / len(values))
    return sum(of_folds) / len(of_folds)


def binary_iou(found: list[Segmented]) -> float:
    """Return the mean over folds of the mean of object and ground, classes together."""
    of_folds = []
    for fold in sorted({one[0] for one in found}):
        of_fold = [one for one in found if one[0] == fold]
        of_folds.append((overlap(of_fold, True) + overlap(of_fold, False)) / 2)
    return sum(of_folds) / len(of_folds)
