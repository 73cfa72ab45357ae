"""The truth about the pairs of a split of rendered items: what edits do to scores, and what the items have."""

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame, read_pair_values
from pipeline.evaluation.audit.outcomes import TrueEffects, effect_floor


def read_truth(upstream: Upstream, frame: PairFrame) -> TrueEffects:
    """Return effects and presence as they are, whatever labels are given: those may be thinned, or those of a class."""
    stage = f"true_effects.{frame.split}"
    nulls = upstream.table(stage, "null_effects")["effect"].to_numpy()
    delta_pa = read_pair_values(upstream, stage, "true_effects", "effect", frame)
    return TrueEffects(delta_pa, read_effect_flags(upstream, frame, "present"), effect_floor(nulls))


def read_effect_flags(upstream: Upstream, frame: PairFrame, column: str) -> np.ndarray:
    """Return bool (pair, attribute) from a column of `true_effects`; false where the attribute has no edit."""
    values_pa = read_pair_values(upstream, f"true_effects.{frame.split}", "true_effects", column, frame)
    flags: np.ndarray = values_pa == 1
    return flags
