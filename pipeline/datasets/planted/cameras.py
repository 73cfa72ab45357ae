"""Rendered items as several cameras see them: one and the same item, again and again, each time by another camera.

What identifies an item is known: type, body colour, pattern, trim and parts, a combination that no other item has in
any split. What does not is known as well: a camera has a ground, a light, a scale and a blur of its own, the same in
every image that it takes; where an item lies and the noise are of each image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted.vocabulary import FACTORS, PARTS_OF_TYPE, TYPES
from pipeline.datasets.records import SPLITS
from pipeline.randomness import keyed_rng

# The first is looked for, the other is searched: a match by the query's own camera is there, and must not count.
IMAGES_OF_A_CAMERA: Final = 2
# The same item's, so the ground is the camera's.
IDENTIFYING: Final = tuple(factor for factor in FACTORS if factor != "background")
_PARTS_OF_A_TYPE: Final = 4
COMBINATIONS: Final = len(TYPES) * prod(len(FACTORS[factor]) for factor in IDENTIFYING) * 2**_PARTS_OF_A_TYPE
MOST_IDENTITIES: Final = COMBINATIONS // len(SPLITS)

# Wider than what varies between photographs without cameras, see `nuisances`.
_GAIN: Final = (0.6, 1.1)
_GRADIENT: Final = 0.2
_TINT: Final = 0.12
_SCALE: Final = (0.8, 1.03)
# Deviation of a Gaussian, share of the image side: up to 1.3 px at 64 px.
_BLUR: Final = (0.0, 0.02)


@dataclass(frozen=True)
class Camera:
    """What all images of one camera share.

    Attributes:
        number: from 1.
        background: value of the factor.
        gain: factor on every colour.
        gradient_xy: half of the relative brightness change from border to border, rightward and downward.
        tint_c: factor on red, green and blue.
        scale: size of items relative to their nominal size.
        blur: deviation of a Gaussian, share of the image side.
    """

    number: int
    background: str
    gain: float
    gradient_xy: tuple[float, float]
    tint_c: tuple[float, float, float]
    scale: float
    blur: float


@dataclass(frozen=True)
class View:
    """Which item an image shows, and by which camera.

    Attributes:
        identity: such as "identity_test_00003".
        camera: number, from 1.
        is_first: the first image of this item by this camera.
    """

    identity: str
    camera: int
    is_first: bool


def view_of(image_id: str, cameras: int) -> View:
    """Return what an image shows; all images of an item follow each other, and likewise those by a camera."""
    split, _, number = image_id.partition("_")
    item, rest = divmod(int(number), cameras * IMAGES_OF_A_CAMERA)
    camera, shot = divmod(rest, IMAGES_OF_A_CAMERA)
    return View(f"identity_{split}_{item:05d}", camera + 1, shot == 0)


@lru_cache(maxsize=64)
def camera_of(seed: int, number: int) -> Camera:
    """Return a camera of a dataset; it depends on seed and number alone, and any four in turn have other grounds."""
    rng = keyed_rng(seed, "camera", number)
    grounds = FACTORS["background"]
    first = int(keyed_rng(seed, "first camera").integers(len(grounds)))
    gradient_x, gradient_y = rng.uniform(-_GRADIENT, _GRADIENT, 2).tolist()
    red, green, blue = (1 + rng.uniform(-_TINT, _TINT, 3)).tolist()
    return Camera(
        number,
        grounds[(first + number) % len(grounds)],
        float(rng.uniform(*_GAIN)),
        (gradient_x, gradient_y),
        (red, green, blue),
        float(rng.uniform(*_SCALE)),
        float(rng.uniform(*_BLUR)),
    )


def identity_states(seed: int, view: View) -> tuple[str, dict[str, int]]:
    """Return the type of an item and the position of each identifying factor's value, 0 or 1 for each part.

    Items are dealt from one shuffled deck of all combinations, so that no two are alike, nor any of two splits.
    """
    _, split, item = view.identity.split("_")
    dealt = _deck(seed)[int(item) * len(SPLITS) + SPLITS.index(split)]
    sizes = (len(TYPES), *(len(FACTORS[factor]) for factor in IDENTIFYING), *(2,) * _PARTS_OF_A_TYPE)
    item_type_at, *states = (int(state) for state in np.unravel_index(dealt, sizes))
    item_type = TYPES[item_type_at]
    return item_type, dict(zip((*IDENTIFYING, *PARTS_OF_TYPE[item_type]), states, strict=True))


@lru_cache(maxsize=8)
def _deck(seed: int) -> tuple[int, ...]:
    return tuple(keyed_rng(seed, "identities").permutation(COMBINATIONS).tolist())


def camera_light(camera: Camera, image_size_px: int) -> NDArray[np.float32]:
    """Return float32 (channel, y, x), the factor on every colour."""
    # -1 to 1 from border to border.
    ramp = (np.arange(image_size_px) + 0.5) * (2 / image_size_px) - 1
    gradient_x, gradient_y = camera.gradient_xy
    light_yx = camera.gain * (1 + gradient_x * ramp[None, :] + gradient_y * ramp[:, None])
    return (np.array(camera.tint_c)[:, None, None] * light_yx).astype(np.float32)


def with_ground(states: Mapping[str, int], camera: Camera) -> dict[str, int]:
    """Return an item's states with the ground of the camera that sees it."""
    return {**states, "background": FACTORS["background"].index(camera.background)}
