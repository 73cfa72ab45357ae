"""Effects of replacing queries, one kind of them, as arrays over pairs and attributes."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame

# What an effect is where a kind has no row: taking away what the query lacks changes nothing; adding what it has, or
# a pair that was not measured, has no effect to speak of.
_WITHOUT_ROW = {"removal": np.nan, "deletion": 0.0, "insertion": np.nan, "matched": 0.0}
KINDS = tuple(_WITHOUT_ROW)


def read_replacement_effects(upstream: Upstream, split: str, kind: str, frame: PairFrame) -> np.ndarray:
    """Return one kind's change of the score, float64 (pair, attribute): NaN where undefined, a drop is negative.

    0 where the query lacks what removal, deletion or matched effects would take away; NaN where it has what insertion
    would add.

    Args:
        upstream: holds `replacements.<split>`.
        split: of the pairs.
        kind: `removal`, `deletion`, `insertion` or `matched`.
        frame: the pairs.
    """
    return _placed(upstream, split, kind, "effect", frame, _WITHOUT_ROW[kind])


def read_replacement_distances(upstream: Upstream, split: str, kind: str, frame: PairFrame) -> np.ndarray:
    """Return the mean distance of the replacements, float64 (pair, attribute); NaN where nothing was replaced."""
    return _placed(upstream, split, kind, "distance", frame, np.nan)


def read_matched_halves(upstream: Upstream, split: str, frame: PairFrame) -> np.ndarray:
    """Return matched effects over either half of the replacements, float64 (half, pair, attribute); NaN where none."""
    columns = ("half_effect", "other_half_effect")
    return np.stack([_placed(upstream, split, "matched", column, frame, np.nan) for column in columns])


def read_query_has(upstream: Upstream, split: str, frame: PairFrame) -> np.ndarray:
    """Return what each query counts as having where it is replaced, bool (pair, attribute).

    With sparse labels that is more than its labels.
    """
    rows, pairs, attributes = _rows_of_kind(upstream, split, "deletion", frame)
    has_pa = np.zeros((len(frame.pair_ids), len(frame.attribute_names)), dtype=bool)
    has_pa[pairs, attributes] = True
    return has_pa


def _placed(upstream: Upstream, split: str, kind: str, column: str, frame: PairFrame, without_row: float) -> np.ndarray:
    rows, pairs, attributes = _rows_of_kind(upstream, split, kind, frame)
    values_pa = np.full((len(frame.pair_ids), len(frame.attribute_names)), without_row)
    values_pa[pairs, attributes] = rows[column].to_numpy().astype(np.float64)
    return values_pa


def _rows_of_kind(
    upstream: Upstream, split: str, kind: str, frame: PairFrame
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Return the table's rows of one kind, with the row of each one's pair and the column of its attribute."""
    table = upstream.table(f"replacements.{split}", "replacements")
    rows = table.filter(pc.equal(table["kind"], kind))
    places = (
        pc.index_in(rows[name], pa.array(known, type=pa.string())).to_numpy().astype(np.int64)
        for name, known in (("pair_id", frame.pair_ids), ("attribute", frame.attribute_names))
    )
    pairs, attributes = places
    return rows, pairs, attributes
