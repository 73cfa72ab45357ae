"""Maps of both images of one match and its parts, from the shard that holds the pair."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from flows.readers.match_parts import REGIONS, read_match_parts
from pipeline.report.both_sides import MatchPart

_ARRAYS = ("query", "reference", "query_joint", "reference_joint")


@dataclass(frozen=True)
class MatchSides:
    """Both sides of a match over cells of the model's views, no unit but that of the score.

    Attributes:
        query: float32 (cell y, cell x), RISE's map of the query.
        reference: likewise of the reference.
        query_joint: float32 (cell y, cell x), sum of a cell's positive joint effects with all cells of the reference.
        reference_joint: likewise of the reference.
        parts: regions that raise the score together, largest first; none where the run splits into signed ones.
    """

    query: npt.NDArray[np.float32]
    reference: npt.NDArray[np.float32]
    query_joint: npt.NDArray[np.float32]
    reference_joint: npt.NDArray[np.float32]
    parts: tuple[MatchPart, ...]


def read_match_sides(upstream: Upstream, pair_id: str) -> MatchSides | None:
    """Return both sides of a test pair, None where the pair is not one of those explained from both sides.

    Args:
        upstream: must hold `correspondences.test`; parts need `match_components.test`, too.
        pair_id: of the pair.

    Raises:
        StoreError: the store cannot be read.
    """
    for commit in upstream.commits(REGIONS):
        table = upstream.store.read_part_table(commit, "correspondence_rows", ["pair_id", "row"])
        place = pc.index(table["pair_id"], pair_id).as_py()
        if place < 0:
            continue
        row = table["row"][place].as_py()
        arrays = upstream.store.read_part_arrays(commit, "maps", _ARRAYS)
        maps = {name: arrays[name][row].astype(np.float32) for name in _ARRAYS}
        return MatchSides(**maps, parts=tuple(read_match_parts(upstream, [pair_id]).get(pair_id, ())))
    return None
