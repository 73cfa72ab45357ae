"""What varies between photographs of one item: where it lies, how large, in which light, with which noise.

Each nuisance has a stream of its own, keyed by the item and never by its attributes, so that an edited item
is photographed exactly as the original was. Where cameras see the items, scale, light and blur are the camera's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted.cameras import Camera, camera_light, camera_of, view_of
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.randomness import keyed_rng

# Each way, as a share of the image: the total range of 0.26 exceeds a cell of the 4 x 4 attribute grid.
MAX_SHIFT = 0.13
MIN_SCALE = 0.9
MAX_SCALE = 1.03
MIN_GAIN = 0.86
MAX_GAIN = 1.04
# Half of the relative brightness change from one image border to the other.
MAX_GRADIENT = 0.08
MAX_TINT = 0.02
NOISE_DEVIATION = 0.015


@dataclass(frozen=True)
class Nuisances:
    """The nuisances of one item.

    Attributes:
        shift_x: rightward shift of the item, share of the image width.
        shift_y: downward shift, share of the image height.
        scale: size of the item relative to its nominal size.
        light_chw: float32 (channel, y, x), factor on every colour.
        blur: deviation of a Gaussian over colours after lighting, share of the image side; 0 for none.
        noise_chw: float32 (channel, y, x), added to colours of 0 to 1 after lighting.
    """

    shift_x: float
    shift_y: float
    scale: float
    light_chw: NDArray[np.float32]
    blur: float
    noise_chw: NDArray[np.float32]


def draw_shift(spec: PlantedSpec, image_id: str) -> tuple[float, float]:
    """Return an item's shift rightward and downward, shares of the image."""
    shift_x, shift_y = keyed_rng(spec.seed, image_id, "position").uniform(-MAX_SHIFT, MAX_SHIFT, 2).tolist()
    return shift_x, shift_y


def draw_scale(spec: PlantedSpec, image_id: str) -> float:
    """Return the size of an item relative to its nominal size."""
    camera = _camera(spec, image_id)
    if camera is not None:
        return camera.scale
    return float(keyed_rng(spec.seed, image_id, "scale").uniform(MIN_SCALE, MAX_SCALE))


def draw_gain(spec: PlantedSpec, image_id: str) -> float:
    """Return the brightness of an item's light, a factor on every colour, before its gradient and tint."""
    return _draw_gain(keyed_rng(spec.seed, image_id, "lighting"))


def draw_nuisances(spec: PlantedSpec, image_id: str) -> Nuisances:
    """Return the nuisances of an item; they depend on the seed, the id and the image size alone."""
    shift_x, shift_y = draw_shift(spec, image_id)
    shape = (3, spec.image_size_px, spec.image_size_px)
    noise = keyed_rng(spec.seed, image_id, "noise").standard_normal(shape, dtype=np.float32)
    noise *= NOISE_DEVIATION
    camera = _camera(spec, image_id)
    light = _draw_light(spec, image_id) if camera is None else camera_light(camera, spec.image_size_px)
    blur = 0.0 if camera is None else camera.blur
    return Nuisances(shift_x, shift_y, draw_scale(spec, image_id), light, blur, noise)


def _camera(spec: PlantedSpec, image_id: str) -> Camera | None:
    return camera_of(spec.seed, view_of(image_id, spec.cameras).camera) if spec.cameras else None


def _draw_light(spec: PlantedSpec, image_id: str) -> NDArray[np.float32]:
    rng = keyed_rng(spec.seed, image_id, "lighting")
    gain = _draw_gain(rng)
    gradient_x, gradient_y = rng.uniform(-MAX_GRADIENT, MAX_GRADIENT, 2).tolist()
    tint_c = (1 + rng.uniform(-MAX_TINT, MAX_TINT, 3)).astype(np.float32)
    # -1 to 1 from border to border.
    ramp = (np.arange(spec.image_size_px, dtype=np.float32) + 0.5) * (2 / spec.image_size_px) - 1
    light_yx = gain * (1 + gradient_x * ramp[None, :] + gradient_y * ramp[:, None])
    light_chw: NDArray[np.float32] = tint_c[:, None, None] * light_yx
    return light_chw


def _draw_gain(rng: np.random.Generator) -> float:
    # The first draw of the lighting's stream.
    return float(rng.uniform(MIN_GAIN, MAX_GAIN))
