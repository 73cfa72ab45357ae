"""Effects of replacing queries, by kind."""

import numpy as np
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame


def read_replacement_effects(upstream: Upstream, split: str, kind: str, frame: PairFrame) -> np.ndarray:
    """Return float64 (pair, attribute): s(replacement, reference) - s(query, reference), NaN where undefined."""
    table = upstream.table(f"replacements.{split}", "replacements")
    table = table.filter(pc.equal(table["kind"], kind))
    pair_row = {pair_id: row for row, pair_id in enumerate(frame.pair_ids)}
    column = {name: place for place, name in enumerate(frame.attribute_names)}
    effects_pa = np.full((len(frame.pair_ids), len(frame.attribute_names)), np.nan)
    rows = [pair_row[pair_id] for pair_id in table["pair_id"].to_pylist()]
    columns = [column[name] for name in table["attribute"].to_pylist()]
    effects_pa[rows, columns] = table["effect"].to_numpy()
    return effects_pa
