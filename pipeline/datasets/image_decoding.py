"""Image files to pixels: any common mode, bounded in size, refused with a reason when unsafe or broken."""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.datasets.fitting import CROP, PAD, STRETCH
from pipeline.datasets.records import PixelSource
from pipeline.errors import BadImage

LARGEST_IMAGE_PIXELS = 64_000_000
READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
FULL_BITS = 16
# What cameras and microscopes digitise with and store in files of 16 bits.
NARROW_BITS = (10, 12, 14)


@dataclass(frozen=True)
class FileReading:
    """How files are read that leave it open.

    Attributes:
        fit: "crop", "pad" or "stretch", how an image that is not square becomes so.
        bit_depth: bits that the grey values of 16-bit files really have, but for files with larger values; None: 16.
    """

    fit: str = CROP
    bit_depth: int | None = None


def make_pixels(source: PixelSource, settings: Mapping[str, Any]) -> tuple[np.ndarray, tuple[int, int]]:
    """Return uint8 RGB pixels (y, x, 3) of an image file, and the file's own (width, height) in px.

    Args:
        source: the image with its file's bytes.
        settings: image_size_px, canvas and effective_resolution_px of [dataset], see `decode_image`; fit where it is
            not "crop", bit_depth where it is set.

    Raises:
        BadImage: see `decode_image`.
    """
    return decode_image(
        source.data,
        source.where,
        settings["image_size_px"],
        tuple(settings["canvas"]),
        settings["effective_resolution_px"],
        FileReading(settings.get("fit", CROP), settings.get("bit_depth")),
    )


def note_file(source: PixelSource, settings: Mapping[str, Any]) -> str | None:
    """Return what is odd about a file that can be read, with the remedy; None where nothing is.

    Grey values of 16 bits that stay below 2^10, 2^12 or 2^14 are likely those of a device of so many bits: scaled by
    the file's 16 bits they become dark, or black. Values that are too large for the bit depth that is set are read as
    16 bits.

    Args:
        source: the image with its file's bytes, which can be read.
        settings: bit_depth of [dataset] where it is set.
    """
    bit_depth = settings.get("bit_depth")
    with Image.open(io.BytesIO(source.data), formats=READABLE_FORMATS) as image:
        if not _has_wide_grey(image):
            return None
        largest = int(np.asarray(image).max(initial=0))
    if bit_depth is not None:
        too_large = largest >= 2**bit_depth
        return f"values of up to {largest} do not fit into {bit_depth} bits: read as 16 bits" if too_large else None
    bits = next((bits for bits in NARROW_BITS if largest < 2**bits), None)
    if bits is None or largest == 0:
        return None
    return (
        f"16-bit values of at most {largest}, as of {bits}-bit data, become dark: if they are such data, "
        f"set dataset.bit_depth = {bits}"
    )


def decode_image(
    data: bytes,
    where: str,
    image_size_px: int,
    canvas_rgb: tuple[int, int, int],
    effective_resolution_px: int | None = None,
    reading: FileReading = FileReading(),
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return uint8 RGB pixels (y, x, 3) of a square image, and the file's own (width, height) in px.

    The file is turned upright by its EXIF orientation, brought to 8-bit RGB (alpha is laid over the canvas
    colour) and resized with antialiased bilinear filtering: "crop" brings its short side to `image_size_px` and crops
    its centre, "pad" brings its long side there and centres it on the canvas colour, "stretch" brings both sides there.

    Args:
        data: the file's bytes.
        where: the file's name, for messages.
        image_size_px: side of the result.
        canvas_rgb: colour behind transparent pixels.
        effective_resolution_px: when given, the side that fills the square ("crop": short, "pad": long, "stretch":
            each) is first reduced to this many pixels, so that files of different resolution carry the same amount of
            detail (departure from the papers: without it a dataset whose resolution follows its class teaches a
            model to read blur).
        reading: how files are read that leave it open.

    Raises:
        BadImage: empty, truncated, not an image of a readable format, or larger than 64 megapixels; 16-bit colours
            where `reading.bit_depth` is given, as Pillow reads their upper 8 bits.
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
                if _has_wide_colours(image):
                    _prepare_wide_colours(image, where, reading)
                upright = ImageOps.exif_transpose(image)
                rgb = _to_rgb(upright, canvas_rgb, reading)
    except BadImage:
        raise
    except UnidentifiedImageError as error:
        raise _refusal(where, f"{len(data)} bytes that are no image of a readable format") from error
    except Exception as error:  # decoders raise many types on hostile input: all mean "unreadable"
        raise _refusal(where, f"a file that breaks off or is malformed ({type(error).__name__}: {error})") from error
    if min(rgb.size) < 1:
        raise _refusal(where, f"an image of {rgb.size[0]} x {rgb.size[1]} px")
    if reading.fit == PAD:
        return _padded(rgb, image_size_px, effective_resolution_px, canvas_rgb), upright.size
    square = {CROP: _cropped, STRETCH: _stretched}[reading.fit]
    return square(rgb, image_size_px, effective_resolution_px), upright.size


def _refusal(where: str, found: str) -> BadImage:
    return BadImage(
        expected=f"a {', '.join(READABLE_FORMATS)} image of at most 64 megapixels",
        found=found,
        where=where,
        remedy="replace or remove the file; dataset.max_unreadable_share says how many may be skipped",
    )


def _has_wide_grey(image: Image.Image) -> bool:
    """Return whether an image has one channel of integers wider than 8 bits."""
    return image.mode.startswith("I;16") or image.mode == "I"


def _has_wide_colours(image: Image.Image) -> bool:
    """Return whether an image that is not loaded yet has 16-bit colours, of which Pillow keeps the upper 8 bits."""
    tiles = getattr(image, "tile", None)  # how the file stores its pixels; only images of files have it
    if image.mode not in ("RGB", "RGBA", "LA") or not tiles:
        return False
    layout = tiles[0][3]
    return ";16" in str(layout[0] if isinstance(layout, tuple) else layout)


def _prepare_wide_colours(image: Image.Image, where: str, reading: FileReading) -> None:
    """Refuse 16-bit colours where a depth is given; bring the value that stands for transparent to 8 bits as well."""
    if reading.bit_depth is not None:
        raise _refusal(
            where, "16-bit colours: dataset.bit_depth is for grey values, of colours the upper 8 bits are read"
        )
    transparent = image.info.get("transparency")
    if isinstance(transparent, tuple):
        # Departure: colours that share the upper 8 bits of all channels with it become transparent, too.
        image.info["transparency"] = tuple(value >> 8 for value in transparent)


def _narrowed(image: Image.Image, reading: FileReading) -> Image.Image:
    """Return wide grey values as 8 bits, with an alpha channel where one value stands for transparent."""
    # Pillow clips 16-bit grey to 8 bits instead of scaling it.
    values = np.asarray(image, dtype=np.float64)
    # Integers are 16-bit, or as deep as is said, whatever their largest value; floats do not say what their white is.
    top = 2.0 ** (reading.bit_depth or FULL_BITS) - 1
    if values.max(initial=0) > top:  # a file of another kind among those of that depth: white would swallow it
        top = 2.0**FULL_BITS - 1
    if image.mode == "F":
        top = min(next(top for top in (1.0, 255.0, np.inf) if values.max(initial=0) <= top), 65535.0)
    grey = Image.fromarray(np.clip(values / top * 255 + 0.5, 0, 255).astype(np.uint8))
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return grey


def _to_rgb(image: Image.Image, canvas_rgb: tuple[int, int, int], reading: FileReading) -> Image.Image:
    if _has_wide_grey(image) or image.mode == "F":
        image = _narrowed(image, reading)
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    if not has_alpha:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    canvas = Image.new("RGBA", layered.size, (*canvas_rgb, 255))
    return Image.alpha_composite(canvas, layered).convert("RGB")


def _cropped(image: Image.Image, size_px: int, detail_px: int | None) -> np.ndarray:
    if detail_px is not None and min(image.size) > detail_px:
        image = _resize_short_side(image, detail_px)
    return _centre_crop(_resize_short_side(image, size_px), size_px)


def _padded(image: Image.Image, size_px: int, detail_px: int | None, canvas_rgb: tuple[int, int, int]) -> np.ndarray:
    if detail_px is not None and max(image.size) > detail_px:
        image = _resize_long_side(image, detail_px)
    image = _resize_long_side(image, size_px)
    square = Image.new("RGB", (size_px, size_px), canvas_rgb)
    square.paste(image, ((size_px - image.width) // 2, (size_px - image.height) // 2))
    return np.array(square, dtype=np.uint8)


def _stretched(image: Image.Image, size_px: int, detail_px: int | None) -> np.ndarray:
    if detail_px is not None:
        fewer = (min(image.width, detail_px), min(image.height, detail_px))
        image = image.resize(fewer, Image.Resampling.BILINEAR, reducing_gap=None)
    return np.array(image.resize((size_px, size_px), Image.Resampling.BILINEAR, reducing_gap=None), dtype=np.uint8)


def _resize_long_side(image: Image.Image, long_px: int) -> Image.Image:
    scale = long_px / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=None)


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
