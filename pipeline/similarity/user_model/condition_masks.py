"""The condition masks that a user's own model offers: read, and checked before hours are spent with them.

The model is asked for them twice: masks that are drawn at random would be other ones in every run.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from pipeline.datasets.outfits import SEPARATOR, condition_name
from pipeline.errors import BadModel
from pipeline.similarity.conditions import SMALLEST_NORM, ConditionMasks
from pipeline.similarity.user_model.own_method import own_method
from pipeline.similarity.user_model.process_state import AROUND_EACH_CALL
from pipeline.similarity.user_model.user_code import ProcessGuard, ending_remedy, error_text, errors_as

WHERE = "condition_masks() of the user's similarity model"
MOST_NAMED = 3


@dataclass(frozen=True)
class MaskFindings:
    """What the checks of masks found.

    Attributes:
        masks: in alphabetical order of their conditions.
        without_mask: conditions of the dataset that have no mask.
        of_no_condition: names of masks that are no condition of the dataset.
        smallest_norm: of a unit vector of the images checked, times a mask.
    """

    masks: ConditionMasks
    without_mask: int
    of_no_condition: tuple[str, ...]
    smallest_norm: float


def check_condition_masks(
    model: object, embeddings_nd: np.ndarray, known: Collection[str], guard: ProcessGuard | None = None
) -> MaskFindings:
    """Return the masks of a model, and what was found of them.

    Args:
        model: an object with a method `condition_masks()` that returns a vector of length D by condition.
        embeddings_nd: float32 (image, D), unit-norm general embeddings of the images that the model is checked on.
        known: names of the conditions that pairs of the dataset can have.
        guard: of the process, with what the model's code has set so far; None: nothing.

    Raises:
        BadModel: there is no such method; it fails, returns no dict of such vectors, or others when called again; a
            mask is not finite, negative, all zeros, or leaves nothing of an image; no name is a known condition.
    """
    guard = ProcessGuard() if guard is None else guard
    with errors_as(_failed):
        ask = own_method(model, "condition_masks")
    if ask is None:
        raise _unfit(
            "a model with a method condition_masks()",
            f"an object of type {type(model).__name__} without one",
            "add the method, or leave similarity_model.conditions out",
        )
    masks = _asked(ask, embeddings_nd.shape[1], known, guard)
    again = _asked(ask, embeddings_nd.shape[1], known, guard)
    if again.names != masks.names or not np.array_equal(again.masks_cd, masks.masks_cd):
        raise _unfit(
            "the same masks when asked again",
            "other ones",
            "return the masks that the model was trained with: nothing drawn at random without a fixed seed",
        )
    of_no_condition = _unknown_names(masks, known)
    smallest = _check_norms(masks, embeddings_nd)
    return MaskFindings(masks, len(set(known) - set(masks.names)), of_no_condition, smallest)


def _asked(ask: Callable[[], object], length: int, known: Collection[str], guard: ProcessGuard) -> ConditionMasks:
    # What a mapping of the user's own does when it is read is the model's code as well.
    with errors_as(_failed), guard.around(AROUND_EACH_CALL), torch.inference_mode():
        found = ask()
        if isinstance(found, Mapping):
            found = dict(found)
    if not isinstance(found, Mapping) or not found:
        what = "an empty one" if isinstance(found, Mapping) else f"an object of type {type(found).__name__}"
        raise _unfit("a dict with at least one mask", what, 'return a dict such as {"bags|shoes": mask}')
    masks: dict[str, np.ndarray] = {}
    for given, vector in found.items():
        if not isinstance(given, str):
            raise _unfit(
                'names of conditions, such as "bags|shoes"',
                f"a key of type {type(given).__name__}: {given!r}"[:200],
                'join both item types by a bar: "bags|shoes"',
            )
        name, mask_d = _canonical(given, known), _mask(given, vector, length)
        if not np.array_equal(masks.setdefault(name, mask_d), mask_d):
            raise _unfit(
                "one mask for each pair of item types",
                f"different ones under both spellings of {name!r}",
                "leave one out: the order of two types means nothing",
            )
    names = tuple(sorted(masks))
    return ConditionMasks(names, np.stack([masks[name] for name in names]))


def _failed(error: BaseException) -> BadModel:
    otherwise = "call the method by itself: it takes no arguments; --debug shows where it failed"
    return _unfit("a mask for each condition", error_text(error), ending_remedy(error, otherwise))


def _canonical(name: str, known: Collection[str]) -> str:
    """Return the name with its two item types in the order that pairs have."""
    types = name.split(SEPARATOR)
    return condition_name(*types) if name not in known and len(types) == 2 else name


def _mask(name: str, vector: object, length: int) -> np.ndarray:
    if isinstance(vector, torch.Tensor) and not vector.is_complex():
        vector = vector.detach().float().cpu().numpy()
    if not isinstance(vector, np.ndarray) or vector.dtype.kind not in "fiub":
        kind = f"{type(vector).__name__} of {vector.dtype}" if hasattr(vector, "dtype") else type(vector).__name__
        raise _unfit_mask(name, "a numpy array or a tensor of numbers", f"a {kind}", "convert it, e.g. by numpy.array")
    if vector.shape != (length,):
        remedy = "give a mask one factor for each dimension of the vectors that embed returns"
        raise _unfit_mask(name, f"shape ({length},), that of a vector of the model", f"shape {vector.shape}", remedy)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as such
        mask_d: np.ndarray = vector.astype(np.float32)
    if not np.isfinite(mask_d).all():
        remedy = "find the operation that makes NaN or infinity of them; check that the weights are loaded"
        raise _unfit_mask(name, "finite numbers", f"{int((~np.isfinite(mask_d)).sum())} that are not", remedy)
    if (mask_d < 0).any():
        remedy = "return masks as they act: relu(w), numpy.maximum(w, 0), where training cuts them off at 0"
        raise _unfit_mask(name, "factors of at least 0", f"{int((mask_d < 0).sum())} negative ones", remedy)
    if not mask_d.any():
        remedy = "leave this condition out: its pairs are then scored by the general embedding"
        raise _unfit_mask(name, "at least one factor above 0", "zeros alone", remedy)
    return mask_d


def _unknown_names(masks: ConditionMasks, known: Collection[str]) -> tuple[str, ...]:
    unknown = tuple(name for name in masks.names if name not in known)
    if len(unknown) == len(masks.names):
        raise _unfit(
            f"masks of the dataset's pairs of item types, such as {_some(sorted(known))}",
            f"{len(unknown)} of other ones, such as {_some(unknown)}",
            "spell names as the column condition of the table type_pairs does",
        )
    return unknown


def _check_norms(masks: ConditionMasks, embeddings_nd: np.ndarray) -> float:
    # In float32, as maps and curves are computed: squares of very large or small factors do not fit.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        norms_nc = np.sqrt(np.square(embeddings_nd.astype(np.float32)) @ np.square(masks.masks_cd).T)
    fine_nc = (norms_nc > SMALLEST_NORM) & np.isfinite(norms_nc)
    if not fine_nc.all():
        spoilt_c = ~fine_nc.all(axis=0)
        name = masks.names[int(spoilt_c.argmax())]
        raise _unfit(
            "a direction for every image under every mask",
            f"none for {int((~fine_nc).any(axis=1).sum())} of {len(fine_nc)} images, noisy and blank ones among them, "
            f"under {int(spoilt_c.sum())} of {len(masks.names)} masks, such as {name!r}",
            "keep a factor above 0 where vectors are not 0, and factors of about 1: their common scale means nothing",
        )
    return float(norms_nc.min())


def _some(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in list(names)[:MOST_NAMED]) or "none at all"


def _unfit_mask(name: str, expected: str, found: str, remedy: str) -> BadModel:
    return BadModel(expected=expected, found=found, where=f"the mask {name!r} in {WHERE}", remedy=remedy)


def _unfit(expected: str, found: str, remedy: str) -> BadModel:
    return BadModel(expected=expected, found=found, where=WHERE, remedy=remedy)
