"""Planted similarities by continuous quantities: texture, which attributes name coarsely, and what none names.

A quantity becomes coordinates by Gaussian bumps on a fine grid: the product of two items' bumps is close to
exp(-(difference / width)^2 / 4), so that items are alike where their quantities are, and any matrix of similarities is
positive semi-definite.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted import palette
from pipeline.datasets.planted.items import Item
from pipeline.datasets.planted.nuisances import (
    MAX_GAIN,
    MAX_SCALE,
    MAX_SHIFT,
    MIN_GAIN,
    MIN_SCALE,
    draw_gain,
    draw_scale,
    draw_shift,
)
from pipeline.datasets.planted.patterns import CHECK_PERIOD, DOT_PERIOD, DOT_RADIUS, STRIPE_PERIOD
from pipeline.datasets.planted.similarity import Weights
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, value_attribute

# Share of the body that a pattern's ink covers, and its period, as a share of the image side at scale 1.
_INK: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "stripes": (0.5, STRIPE_PERIOD),
        "dots": (2 * math.pi * (DOT_RADIUS / DOT_PERIOD) ** 2, DOT_PERIOD),
        "checks": (0.5, CHECK_PERIOD),
    }
)
# Of red, green and blue in the luminance (Rec. 709).
_LUMINANCE_RGB: Final = (0.2126, 0.7152, 0.0722)
# In both kinds of similarity one quantity leads in two types, the other in the others.
TEXTURE_WEIGHTS: Final[Weights] = MappingProxyType(
    {
        "shirt": {"coarseness": 1.0, "contrast": 0.6},
        "bag": {"coarseness": 0.7, "contrast": 1.0},
        "boot": {"coarseness": 0.8, "contrast": 1.0},
        "cap": {"coarseness": 1.0, "contrast": 0.5},
    }
)
UNNAMED_WEIGHTS: Final[Weights] = MappingProxyType(
    {
        "shirt": {"brightness": 1.0, "position": 0.7},
        "bag": {"brightness": 0.6, "position": 1.0},
        "boot": {"brightness": 0.75, "position": 1.0},
        "cap": {"brightness": 1.0, "position": 0.5},
    }
)
# Widths of the bumps: about a fifth of the range of the quantity, but of a pattern's period that of its scale.
COARSENESS_WIDTH = 0.06
CONTRAST_WIDTH = 0.12
BRIGHTNESS_WIDTH = 0.2 * (MAX_GAIN - MIN_GAIN)
POSITION_WIDTH = 0.2 * 2 * MAX_SHIFT
# Of the width from one bump to the next: closer ones change the product by less than a thousandth.
_GRID_STEP = 1.0


def texture_attributes() -> tuple[str, ...]:
    """Return the attributes that name coarsely what the texture is like: patterns and body colours."""
    return tuple(value_attribute(factor, value) for factor in ("body_colour", "pattern") for value in FACTORS[factor])


def coarseness(spec: PlantedSpec, item: Item) -> float | None:
    """Return the logarithm of the pattern's period on the image, share of its side; None where the body is plain."""
    ink = _INK.get(item.value_of("pattern"))
    return None if ink is None else math.log(ink[1] * draw_scale(spec, item.image_id))


def contrast(spec: PlantedSpec, item: Item) -> float | None:
    """Return the logarithm of the standard deviation of the body's luminance; None where the body is plain."""
    ink = _INK.get(item.value_of("pattern"))
    if ink is None:
        return None
    colour = item.value_of("body_colour")
    step = abs(_luminance(palette.BODY[colour]) - _luminance(palette.INK[colour]))
    return math.log(draw_gain(spec, item.image_id) * step * math.sqrt(ink[0] * (1 - ink[0])))


def texture_coordinates(spec: PlantedSpec, items: Sequence[Item]) -> NDArray[np.float64]:
    """Return float64 (item, coordinate): bumps of coarseness and contrast, and one coordinate of plain bodies."""
    periods = [period for _, period in _INK.values()]
    of_coarseness = (math.log(min(periods) * MIN_SCALE), math.log(max(periods) * MAX_SCALE), COARSENESS_WIDTH)
    of_contrast = (math.log(0.15), math.log(0.4), CONTRAST_WIDTH)
    rows = []
    for item in items:
        weights = TEXTURE_WEIGHTS[item.item_type]
        coarse, strength = coarseness(spec, item), contrast(spec, item)
        rows.append(
            np.concatenate(
                [
                    weights["coarseness"] * _bumps(coarse, *of_coarseness),
                    weights["contrast"] * _bumps(strength, *of_contrast),
                    [0.0 if coarse is not None else 1.0],
                ]
            )
        )
    return np.array(rows)


def unnamed_coordinates(spec: PlantedSpec, items: Sequence[Item]) -> NDArray[np.float64]:
    """Return float64 (item, coordinate): bumps of the light's brightness and of the place from left to right."""
    rows = []
    for item in items:
        weights = UNNAMED_WEIGHTS[item.item_type]
        brightness = _bumps(draw_gain(spec, item.image_id), MIN_GAIN, MAX_GAIN, BRIGHTNESS_WIDTH)
        position = _bumps(draw_shift(spec, item.image_id)[0], -MAX_SHIFT, MAX_SHIFT, POSITION_WIDTH)
        rows.append(np.concatenate([weights["brightness"] * brightness, weights["position"] * position]))
    return np.array(rows)


def _bumps(value: float | None, least: float, most: float, width: float) -> NDArray[np.float64]:
    """Return (bump,) of norm close to 1 on a grid that reaches three widths beyond the range; zeros for None."""
    centres = np.arange(least - 3 * width, most + 3 * width + 1e-9, _GRID_STEP * width)
    if value is None:
        return np.zeros_like(centres)
    # The squares of the bumps sum to sqrt(pi) widths, in steps of the grid.
    scale = math.sqrt(_GRID_STEP / math.sqrt(math.pi))
    bumps: NDArray[np.float64] = scale * np.exp(-0.5 * ((value - centres) / width) ** 2)
    return bumps


def _luminance(colour: palette.Colour) -> float:
    return sum(weight * channel for weight, channel in zip(_LUMINANCE_RGB, colour, strict=True))
