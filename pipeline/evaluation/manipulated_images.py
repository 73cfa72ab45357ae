"""Images of insertion and deletion: a query whose most salient pixels are shown alone, or hidden.

They are made on the device, batch by batch, from a map of ranks: a step is one comparison and one choice a pixel.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from pipeline.errors import BadModel
from pipeline.images import normalise_pixels
from pipeline.randomness import keyed_rng


def pixel_ranking(map_hw: npt.NDArray[np.floating], tie_key: Sequence[object]) -> npt.NDArray[np.int64]:
    """Return the flat indices of the pixels, (y * x,) int64, most salient first.

    Args:
        map_hw: (y, x) saliency, larger = matters more; leave missing slots (NaN maps) out.
        tie_key: what keys the permutation that breaks ties: seed and query id, alike for all generators.

    Raises:
        BadModel: the map holds a value that is not finite.

    Source: v1 4.1. Row order among ties would favour the top of the image, often the sky.
    Deliberate departure: the permutation is keyed per query, not per pair, so that a map that does not
    depend on the reference (centre blob, random) gives the same manipulated images for every reference of
    a query, and one set of passes serves them all.
    """
    values = np.asarray(map_hw, dtype=np.float64).ravel()
    if not np.isfinite(values).all():
        raise BadModel(
            expected="a saliency map of finite numbers",
            found=f"{int((~np.isfinite(values)).sum())} of {values.size} values NaN or infinite",
            where=f"a map of {tuple(str(part) for part in tie_key)}",
            remedy="leave missing slots out, and check the generator that made this map",
        )
    shuffled = keyed_rng("saliency ties", *tie_key).permutation(values.size)
    ranking: npt.NDArray[np.int64] = shuffled[np.argsort(-values[shuffled], kind="stable")]
    return ranking


def pixels_per_step(n_pixels: int, steps: int = 100) -> npt.NDArray[np.int64]:
    """Return how many pixels are manipulated at each step: (steps + 1,) int64 from 0 to n_pixels.

    Step t counts t / steps of the pixels, rounded to the nearest whole pixel, halves to the even one.

    Deliberate departure: none at t = 0 (the authors' code changes one pixel there), so that the curves
    start and end exactly at the blank and the full image.
    """
    return np.rint(np.arange(steps + 1) * n_pixels / steps).astype(np.int64)


class ManipulatedImages:
    """A query and its blank canvas, normalised, and the ranks of its pixels under some rankings.

    A pixel of the canvas or of the query is normalised before it is chosen, by the same arithmetic as whole images:
    what a network gets is, to the bit, what it would get of the manipulated uint8 image.
    """

    def __init__(
        self,
        pixels_hwc: npt.NDArray[np.uint8],
        rankings_uv: Sequence[npt.NDArray[np.int64]],
        canvas_rgb: Sequence[int],
        steps: int,
        device: str,
    ) -> None:
        """Take the uint8 query (y, x, 3), its rankings, the blank colour 0..255, and the steps of a curve."""
        self._shape = pixels_hwc.shape
        blank_hwc = np.broadcast_to(np.asarray(canvas_rgb, dtype=np.uint8), pixels_hwc.shape)
        ends = normalise_pixels(np.stack([blank_hwc, pixels_hwc]), device)
        # Channels interleaved in one long row: see perturbed_embeddings.
        self._blank_i, self._query_i = ends.permute(0, 2, 3, 1).reshape(2, -1)
        # Whole numbers below 2^24, which float32 holds exactly.
        ranks_uv = np.empty((len(rankings_uv), pixels_hwc.shape[0] * pixels_hwc.shape[1]), dtype=np.float32)
        for ranks_v, ranking_v in zip(ranks_uv, rankings_uv, strict=True):
            ranks_v[ranking_v] = np.arange(len(ranking_v))
        self._ranks_ui = torch.as_tensor(ranks_uv).to(device).repeat_interleave(self._shape[2], dim=1)
        # The end points of curves are the blank image and the query: only the steps between them are made.
        counts_t = torch.as_tensor(pixels_per_step(ranks_uv.shape[1], steps)[1:-1]).to(device, torch.float32)
        self._counts_t = counts_t[:, None]

    def __len__(self) -> int:
        """Return how many images there are: blank, query, and of each ranking the inserted and the deleted."""
        return 2 + 2 * len(self._ranks_ui) * len(self._counts_t)

    def batches(self, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield all images, float32 (image, 3, y, x), channels last in memory.

        Their order: the blank image, the query, then for each ranking first the insertion and then the deletion at
        steps 1 to steps - 1. A batch goes on where the one before it ended, across curves and rankings.
        """
        for start in range(0, len(self), batch_size):
            stop = min(start + batch_size, len(self))
            images_ni = torch.empty(stop - start, self._blank_i.numel(), device=self._blank_i.device)
            for first, last, curve in self._pieces(start, stop):
                self._fill(images_ni[first - start : last - start], curve, first)
            yield images_ni.view(stop - start, *self._shape).permute(0, 3, 1, 2)

    def _pieces(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Yield (first, last + 1, curve) of each part of a batch that lies in one curve; curve -1 is the end points."""
        length = len(self._counts_t)
        while start < stop:
            curve = (start - 2) // length if start >= 2 else -1
            end = min(stop, 2 + (curve + 1) * length)
            yield start, end, curve
            start = end

    def _fill(self, images_ni: torch.Tensor, curve: int, first: int) -> None:
        if curve < 0:
            images_ni[:] = torch.stack([self._blank_i, self._query_i])[first : first + len(images_ni)]
            return
        ranking, is_deletion = divmod(curve, 2)
        step = first - 2 - curve * len(self._counts_t)
        top_i, rest_i = (self._blank_i, self._query_i) if is_deletion else (self._query_i, self._blank_i)
        # Several times as fast as choosing by a bool: lerp gives exactly its ends at weights 0 and 1.
        torch.lt(self._ranks_ui[ranking], self._counts_t[step : step + len(images_ni)], out=images_ni)
        torch.lerp(rest_i, top_i, images_ni, out=images_ni)
