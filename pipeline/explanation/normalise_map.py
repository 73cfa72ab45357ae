"""Saliency maps as distributions over a coarse grid, free of scale and offset.

One function serves the training targets of the attribute predictor and the matching of maps, so that the
two can never drift apart. Imports no torch. Cost: one pass over the pixels, a block of maps at a time.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import entr, softmax

from pipeline.area_pooling import pool_to_cells
from pipeline.errors import BadSetting

# Deviations below this share of the largest cell are rounding of float32 maps, not saliency.
_CONSTANT_SHARE = 1e-6
# Masks of the authors' code, which its maps are sums over.
CODE_MASKS: Final = 2000
NormalisationRule = Literal["standardised", "authors_code"]


@dataclass(frozen=True)
class MapNormalisation:
    """How a map becomes a distribution over cells.

    Attributes:
        cells: cells per side of the grid.
        inverse_temperature: factor in front of the values in the softmax.
        standardise: bring the cells of each map to mean 0 and deviation 1 first.
        scale: factor on the raw map before anything else; has no effect where `standardise` is set.

    Raises:
        BadSetting: cells below 1, or a factor that is not positive and finite.
    """

    cells: int = 4
    inverse_temperature: float = 3.0
    standardise: bool = True
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.cells < 1:
            raise BadSetting(
                expected="at least one cell per side",
                found=f"cells = {self.cells}",
                where="map normalisation",
                remedy="use the attribute model's grid, normally 4",
            )
        for name, value in (("inverse_temperature", self.inverse_temperature), ("scale", self.scale)):
            if not (np.isfinite(value) and value > 0):
                raise BadSetting(
                    expected=f"a positive, finite {name}",
                    found=f"{name} = {value}",
                    where="map normalisation",
                    remedy="use the default, 3 for the inverse temperature and 1 for the scale",
                )


def map_normalisation(rule: NormalisationRule, inverse_temperature: float | None) -> MapNormalisation:
    """Return the normalisation that a configuration asks for.

    "standardised" is the project's rule at this inverse temperature. "authors_code" is the code's, as for its
    2,000 masks however many were drawn, so that training and matching see the same; it has its own temperature.

    Raises:
        BadSetting: the project's rule without an inverse temperature.
    """
    if rule == "authors_code":
        return code_normalisation(CODE_MASKS)
    return MapNormalisation(inverse_temperature=float("nan") if inverse_temperature is None else inverse_temperature)


def code_normalisation(n_masks: int, cells: int = 4) -> MapNormalisation:
    """Return the preset of the authors' code: raw map times the number of masks, temperature 1.

    Departure: none, but it is no default, because its softmax is nearly one-hot and its scale means nothing
    for generators other than RISE.
    """
    return MapNormalisation(cells=cells, inverse_temperature=1.0, standardise=False, scale=float(n_masks))


def normalise_map(
    maps_phw: npt.NDArray[np.floating[Any]], cells: int = 4, inverse_temperature: float = 3.0
) -> npt.NDArray[np.float32]:
    """Return each map as a distribution over cells x cells, by the project's own rule.

    Shape (pairs, cells, cells), float32, each non-negative and summing to 1. A constant map gives the uniform
    distribution; a map with a pixel that is not finite (a missing slot is NaN) gives NaN.

    Raises:
        BadSetting: maps that are not (pairs, height, width), or impossible settings.

    Source: v1 section 3.1 compares maps as distributions but states no scale.
    Departure: standardising over the cells and the inverse temperature 3 are this project's choice.
    """
    return apply_normalisation(maps_phw, MapNormalisation(cells, inverse_temperature))


def apply_normalisation(
    maps_phw: npt.NDArray[np.floating[Any]], normalisation: MapNormalisation
) -> npt.NDArray[np.float32]:
    """Return the maps as distributions under any `MapNormalisation`; shapes and NaN as in `normalise_map`.

    Raises:
        BadSetting: maps that are not (pairs, height, width).
    """
    if maps_phw.ndim != 3 or min(maps_phw.shape[1:]) < 1:
        raise BadSetting(
            expected="maps of shape (pairs, height, width)",
            found=f"shape {maps_phw.shape}",
            where="map normalisation",
            remedy="flatten the axes before height and width into one",
        )
    cells = normalisation.cells
    values_ps = pool_to_cells(maps_phw, cells).reshape(len(maps_phw), cells * cells)
    values_ps *= normalisation.scale
    if normalisation.standardise:
        values_ps = _standardise(values_ps)
    distributions_ps = softmax(normalisation.inverse_temperature * values_ps, axis=1)
    return np.asarray(distributions_ps.reshape(-1, cells, cells), dtype=np.float32)


def target_entropy(distributions_pcc: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return the entropy (pairs,) of each distribution in nats: 0 for one cell, log(cells^2) for uniform.

    A distribution with NaN has NaN entropy.
    """
    return np.asarray(entr(distributions_pcc.astype(np.float64)).sum(axis=(1, 2)), dtype=np.float64)


def _standardise(values_ps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the rows at mean 0 and deviation 1 (population); constant rows become 0."""
    centred_ps = values_ps - values_ps.mean(axis=1, keepdims=True)
    deviation_p1 = centred_ps.std(axis=1, keepdims=True)
    constant_p1 = deviation_p1 <= _CONSTANT_SHARE * np.abs(values_ps).max(axis=1, keepdims=True)
    standardised_ps = centred_ps / np.where(constant_p1, 1.0, deviation_p1)
    return np.where(constant_p1, 0.0, standardised_ps)
