"""Random audits: effects with impossible edits, presence, and clusters of pairs that share a query."""

import numpy as np

from pipeline.evaluation.audit.outcomes import TrueEffects

FLOOR = 0.03


def make_truth(seed, n_pairs=40, n_attributes=7):
    """Some present attributes cannot be edited, one pair has nothing present, and ties occur."""
    rng = np.random.default_rng(seed)
    delta = np.round(rng.normal(0.02, 0.08, size=(n_pairs, n_attributes)), 2)
    delta[rng.random(delta.shape) < 0.05] = np.nan
    present = rng.random(delta.shape) < 0.5
    present[3] = False
    return TrueEffects(delta, present, FLOOR)


def make_names(seed, truth):
    """Present, absent and missing names, none of them impossible to edit."""
    rng = np.random.default_rng(seed + 1)
    names = rng.integers(-1, truth.delta_pa.shape[1], size=len(truth.delta_pa))
    impossible = np.isnan(truth.delta_pa[np.arange(names.size), names]) & (names >= 0)
    return np.where(impossible, -1, names)


def as_triples(truth, names):
    """One (delta, present, named) per pair for the oracle, None for NaN."""
    return [
        ([None if np.isnan(d) else float(d) for d in delta], present.tolist(), int(named))
        for delta, present, named in zip(truth.delta_pa, truth.present_pa, names, strict=True)
    ]
