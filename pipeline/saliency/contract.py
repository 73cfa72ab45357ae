"""What every saliency generator gets and promises: one contract for all, checked in one place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from pipeline.errors import BadModel, BadSetting

Value = TypeVar("Value")


@dataclass(frozen=True)
class SaliencyRequest:
    """One query and the references it is explained against.

    Attributes:
        query_id: keys random draws, so that they depend on the item and not on its place in a batch.
        pixels_hwc: uint8 (y, x, 3), the query.
        reference_embeddings_kd: float32 unit-norm embeddings (reference, D) of the K references, under their
            conditions where there are masks.
        condition_masks_kd: float32 (reference, D), the mask of each reference's condition, under which the query is
            to be compared with it; None for a model without conditions.
        reference_ids: of the K references; they key the draws of what is done to references.
        reference_pixels_khwc: uint8 (reference, y, x, 3), for generators that manipulate references, else None.
        negative_embeddings_kmd: float32 unit-norm (reference, negative, D) embeddings of images that do not match the
            query, nearest first and under the reference's condition, for generators that contrast; else None.
    """

    query_id: str
    pixels_hwc: np.ndarray
    reference_embeddings_kd: np.ndarray
    condition_masks_kd: np.ndarray | None = None
    reference_ids: tuple[str, ...] = ()
    reference_pixels_khwc: np.ndarray | None = None
    negative_embeddings_kmd: np.ndarray | None = None
    perturbed_embeddings_nd: np.ndarray | None = None


@dataclass(frozen=True)
class SaliencyMaps:
    """A query's maps, one per reference; larger values mark regions that matter more to that match.

    Attributes:
        display_khw: float32 (reference, y, x) at the query's size, finite.
        native_khw: float32 (reference, y, x) at the generator's own resolution, finite; the same array where that is
            the query's.
        forward_passes: images that went through the network for these maps without gradients, references' among them.
        gradient_passes: images that went forward and backward.
        notes: figures of each map, float64 (reference,), by name, such as the final loss of an optimisation.
    """

    display_khw: np.ndarray
    native_khw: np.ndarray
    forward_passes: int = 0
    gradient_passes: int = 0
    notes: Mapping[str, np.ndarray] = field(default_factory=dict)


# Takes several queries at once, because some generators serve many pairs by one batch; returns one result per request,
# in their order. What a query gets depends neither on the others nor on the order, but for float32 rounding.
SaliencyGenerator = Callable[[Sequence[SaliencyRequest]], list[SaliencyMaps]]


def one_by_one(generate: Callable[[SaliencyRequest], SaliencyMaps]) -> SaliencyGenerator:
    """Return a generator that serves its requests one after another."""

    def generate_all(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
        return [generate(request) for request in requests]

    return generate_all


def pipelined(launch: Callable[[SaliencyRequest], Callable[[], SaliencyMaps]]) -> SaliencyGenerator:
    """Return a generator that launches a request's work before it waits for the work of the request before it.

    So an accelerator has the next query's passes to do while a query's maps travel and are looked at. Errors name the
    query, because the one that is collected is not the one that was launched last.

    Args:
        launch: starts the work and returns what waits for it and gives the maps.
    """

    def generate_all(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
        results: list[SaliencyMaps] = []
        waiting: list[tuple[SaliencyRequest, Callable[[], SaliencyMaps]]] = []
        for request in requests:
            waiting.append((request, _of_query(request, partial(launch, request))))
            if len(waiting) > 1:
                results.append(_of_query(*waiting.pop(0)))
        return results + [_of_query(*one) for one in waiting]

    return generate_all


def _of_query(request: SaliencyRequest, work: Callable[[], Value]) -> Value:
    try:
        return work()
    except BadModel as error:
        where = f"query {request.query_id}, {error.where}"
        raise BadModel(expected=error.expected, found=error.found, where=where, remedy=error.remedy) from None


def checked(generator: SaliencyGenerator, name: str) -> SaliencyGenerator:
    """Return the generator with every result checked against the contract.

    The generator it returns raises BadModel where a map has the wrong shape or a value that is not finite.
    """

    def generate_checked(requests: Sequence[SaliencyRequest]) -> list[SaliencyMaps]:
        results = generator(requests)
        if len(results) != len(requests):
            raise _broken(f"{len(requests)} results", str(len(results)), name, "a group of queries")
        for request, maps in zip(requests, results, strict=True):
            _check(maps, request, name)
        return results

    return generate_checked


def required(value: Value | None, what: str, generator: str) -> Value:
    """Return a request's optional field, refusing a request that lacks it.

    Raises:
        BadSetting: it is None.
    """
    if value is None:
        raise BadSetting(
            expected=f"requests with {what}",
            found="none",
            where=f"saliency generator {generator}",
            remedy=f"fill in {what} of each SaliencyRequest",
        )
    return value


def _check(maps: SaliencyMaps, request: SaliencyRequest, name: str) -> None:
    where = f"query {request.query_id}"
    references = len(request.reference_embeddings_kd)
    shape = (references, *request.pixels_hwc.shape[:2])
    for resolution, maps_khw in (("display", maps.display_khw), ("native", maps.native_khw)):
        expected = shape if resolution == "display" else (references, *maps_khw.shape[1:])
        if maps_khw.shape != expected or maps_khw.ndim != 3 or maps_khw.dtype != np.float32:
            found = f"{maps_khw.dtype} {maps_khw.shape}"
            raise _broken(f"{resolution} maps, float32 {expected}", found, name, where)
        if not np.isfinite(maps_khw).all():
            found = f"{int((~np.isfinite(maps_khw)).sum())} of {maps_khw.size} values not finite"
            raise _broken(f"finite {resolution} maps", found, name, where)
    for note, values_k in maps.notes.items():
        if values_k.shape != (references,):
            raise _broken(f"note {note}: a figure per reference", f"shape {values_k.shape}", name, where)


def _broken(expected: str, found: str, generator: str, where: str) -> BadModel:
    return BadModel(
        expected=expected,
        found=found,
        where=f"saliency generator {generator}, {where}",
        remedy="check the similarity model's embeddings for this image",
    )
