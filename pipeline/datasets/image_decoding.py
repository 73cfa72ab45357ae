"""Image files to pixels: any common mode, bounded in size, refused with a reason when unsafe or broken."""

import io
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.datasets.records import PixelSource
from pipeline.errors import BadImage

LARGEST_IMAGE_PIXELS = 64_000_000
READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")


def make_pixels(source: PixelSource, settings: Mapping[str, Any]) -> tuple[np.ndarray, tuple[int, int]]:
    """Return uint8 RGB pixels (y, x, 3) of an image file, and the file's own (width, height) in px.

    Args:
        source: the image with its file's bytes.
        settings: image_size_px, canvas and effective_resolution_px of [dataset], see `decode_image`.

    Raises:
        BadImage: see `decode_image`.
    """
    return decode_image(
        source.data,
        source.where,
        settings["image_size_px"],
        tuple(settings["canvas"]),
        settings["effective_resolution_px"],
    )


def decode_image(
    data: bytes,
    where: str,
    image_size_px: int,
    canvas_rgb: tuple[int, int, int],
    effective_resolution_px: int | None = None,
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return uint8 RGB pixels (y, x, 3) of a square image, and the file's own (width, height) in px.

    The file is turned upright by its EXIF orientation, brought to 8-bit RGB (alpha is laid over the canvas
    colour), its short side resized to `image_size_px` with antialiased bilinear filtering, its centre cropped.

    Args:
        data: the file's bytes.
        where: the file's name, for messages.
        image_size_px: side of the result.
        canvas_rgb: colour behind transparent pixels.
        effective_resolution_px: when given, the short side is first reduced to this many pixels, so that
            files of different resolution carry the same amount of detail (departure from the papers:
            without it a dataset whose resolution follows its class teaches a model to read blur).

    Raises:
        BadImage: empty, truncated, not an image of a readable format, or larger than 64 megapixels.
    """
    if not data:
        raise _refusal(where, "an empty file (0 bytes)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size limit below is ours and is an error, not a warning
            with Image.open(io.BytesIO(data), formats=READABLE_FORMATS) as image:
                size_px = image.size
                if size_px[0] * size_px[1] > LARGEST_IMAGE_PIXELS:
                    raise _refusal(where, f"{size_px[0]} x {size_px[1]} px, over the limit of 64 megapixels")
                upright = ImageOps.exif_transpose(image)
                rgb = _to_rgb(upright, canvas_rgb)
    except BadImage:
        raise
    except UnidentifiedImageError as error:
        raise _refusal(where, f"{len(data)} bytes that are no image of a readable format") from error
    except Exception as error:  # decoders raise many types on hostile input: all mean "unreadable"
        raise _refusal(where, f"a file that breaks off or is malformed ({type(error).__name__}: {error})") from error
    if min(rgb.size) < 1:
        raise _refusal(where, f"an image of {rgb.size[0]} x {rgb.size[1]} px")
    if effective_resolution_px is not None and min(rgb.size) > effective_resolution_px:
        rgb = _resize_short_side(rgb, effective_resolution_px)
    return _centre_crop(_resize_short_side(rgb, image_size_px), image_size_px), upright.size


def _refusal(where: str, found: str) -> BadImage:
    return BadImage(
        expected=f"a {', '.join(READABLE_FORMATS)} image of at most 64 megapixels",
        found=found,
        where=where,
        remedy="replace or remove the file; dataset.max_unreadable_share says how many may be skipped",
    )


def _to_rgb(image: Image.Image, canvas_rgb: tuple[int, int, int]) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # Pillow clips 16-bit grey to 8 bits instead of scaling it.
        values = np.asarray(image, dtype=np.float64)
        # Integers are 16-bit whatever their largest value; floats do not say what their white is.
        top = (
            next(top for top in (1.0, 255.0, np.inf) if values.max(initial=0) <= top) if image.mode == "F" else 65535.0
        )
        top = min(top, 65535.0)
        image = Image.fromarray(np.clip(values / top * 255 + 0.5, 0, 255).astype(np.uint8))
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    if not has_alpha:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    canvas = Image.new("RGBA", layered.size, (*canvas_rgb, 255))
    return Image.alpha_composite(canvas, layered).convert("RGB")


def _resize_short_side(image: Image.Image, short_px: int) -> Image.Image:
    width, height = image.size
    scale = short_px / min(width, height)
    size = (max(short_px, round(width * scale)), max(short_px, round(height * scale)))
    # A panorama of 1 x 60,000 px would be enlarged without bound: crop it first.
    if max(size) > 16 * short_px:
        image = ImageOps.fit(image, (min(width, 16 * min(width, height)), min(height, 16 * min(width, height))))
        return _resize_short_side(image, short_px)
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=None)


def _centre_crop(image: Image.Image, size_px: int) -> np.ndarray:
    left = (image.width - size_px) // 2
    top = (image.height - size_px) // 2
    # A copy: Pillow's own buffer is read-only, and tensors made of it would be, too.
    return np.array(image.crop((left, top, left + size_px, top + size_px)), dtype=np.uint8)
