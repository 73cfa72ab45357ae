"""Which coarse grids RISE masks are made of: independent draws as in the papers, or a balanced design.

Balanced: grids in antithetic pairs (a grid and its complement), whose members before complementing are rows of a
scrambled Hadamard matrix. Over a full set of rows every cell is kept equally often, and so is every pair of cells, as
in an orthogonal array of strength 2; taking both members cancels every interaction of an even number of cells from a
linear effect.
"""

import numpy as np
from scipy.linalg import hadamard

from pipeline.errors import BadSetting
from pipeline.randomness import keyed_rng


def independent_grids(seed: int, n_masks: int, grid_cells: int, keep_probability: float) -> np.ndarray:
    """Return bool grids (mask, cell y, cell x), each cell kept with the given probability; a longer set begins alike.

    Source: Petsiuk et al., 2018; v1 section 3.2.
    """
    grids: np.ndarray = keyed_rng(seed, "mask grids").random((n_masks, grid_cells, grid_cells)) < keep_probability
    return grids


def balanced_grids(seed: int, n_masks: int, grid_cells: int, keep_probability: float) -> np.ndarray:
    """Return bool grids (mask, cell y, cell x): the first half, then their complements in the same order.

    Own construction (Hadamard rows as an orthogonal array are standard in the design of experiments).

    Raises:
        BadSetting: an odd number of masks, or a keep probability other than 0.5, which complements would not have.
    """
    if n_masks % 2 or n_masks < 2 or keep_probability != 0.5:
        raise BadSetting(
            expected="an even number of masks and keep_probability 0.5: masks come with their complements",
            found=f"masks {n_masks}, keep_probability {keep_probability}",
            where="saliency.rise, scheme balanced_regression",
            remedy='set an even number and 0.5, or scheme = "papers"',
        )
    half, cells = n_masks // 2, grid_cells**2
    order = 1 << max(half - 1, cells).bit_length()
    rng = keyed_rng(seed, "balanced mask grids")
    # A column of ones aside, any columns of the matrix are balanced against each other.
    columns = 1 + rng.permutation(order - 1)[:cells]
    signs = rng.integers(0, 2, cells) * 2 - 1
    rows = rng.permutation(order)[:half]
    kept = (hadamard(order, dtype=np.int8)[np.ix_(rows, columns)] * signs) > 0
    first = kept.reshape(half, grid_cells, grid_cells)
    return np.concatenate([first, ~first])
