"""Image files of every kind: handled, or refused with the file's name and a reason."""

import io
import resource
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.datasets.image_decoding import decode_image, make_pixels, note_file
from pipeline.datasets.records import PixelSource
from pipeline.errors import BadImage

RED, GREEN = (200, 30, 30), (20, 160, 60)
CANVAS = (10, 20, 30)


def encoded(image: Image.Image, file_format: str = "PNG", exif: Image.Exif | None = None) -> bytes:
    buffer = io.BytesIO()
    if exif is None:
        image.save(buffer, file_format)
    else:
        image.save(buffer, file_format, exif=exif)
    return buffer.getvalue()


def decode(data: bytes, size_px: int = 16, effective_resolution_px: int | None = None) -> np.ndarray:
    pixels, _ = decode_image(data, "some/file.jpg", size_px, CANVAS, effective_resolution_px)
    assert pixels.shape == (size_px, size_px, 3)
    assert pixels.dtype == np.uint8
    return pixels


def left_red_right_green(width: int = 16, height: int = 16) -> Image.Image:
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height))
    return image


def png_header(width: int, height: int) -> bytes:
    """Return a file of a few bytes that declares a size and holds no more than a row of it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_rgb_comes_back_as_it_is() -> None:
    image = left_red_right_green()
    np.testing.assert_array_equal(decode(encoded(image)), np.asarray(image))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"])
def test_readable_formats(file_format: str) -> None:
    pixels = decode(encoded(left_red_right_green(64, 64), file_format)).astype(int)
    assert np.abs(pixels[:, 2] - RED).max() < 12
    assert np.abs(pixels[:, -3] - GREEN).max() < 12


def test_the_size_reported_is_the_files_own() -> None:
    _, size_px = decode_image(encoded(left_red_right_green(40, 24)), "a.png", 16, CANVAS)
    assert size_px == (40, 24)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"not an image at all", "19 bytes that are no image"),
        (b"%PDF-1.4 something", "no image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no image"),
        (encoded(left_red_right_green(90, 90), "JPEG")[:-300], "breaks off"),
        (encoded(left_red_right_green(90, 90), "JPEG")[:40], "no image|breaks off"),
        (encoded(Image.effect_noise((90, 90), 80))[:2000], "breaks off"),
        (encoded(Image.effect_noise((90, 90), 80), "WEBP")[:2000], "breaks off|no image"),
        (png_header(0, 10), "no image|breaks off"),
    ],
    ids=["zero bytes", "text", "pdf", "svg", "cut jpeg", "jpeg header", "cut png", "cut webp", "no width"],
)
def test_what_is_no_whole_image_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason) as error:
        decode(data)
    assert error.value.where == "some/file.jpg"
    assert "replace or remove the file" in error.value.remedy


@given(
    data=st.binary(max_size=200), prefix=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"])
)
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_refused_as_bad_images(data: bytes, prefix: bytes) -> None:
    with pytest.raises(BadImage):
        decode(prefix + data)


@given(position=st.integers(0, 10_000), value=st.integers(0, 255), file_format=st.sampled_from(["JPEG", "PNG", "TIFF"]))
@settings(max_examples=150, deadline=None)
def test_a_flipped_byte_is_decoded_or_refused(position: int, value: int, file_format: str) -> None:
    data = bytearray(encoded(left_red_right_green(24, 24), file_format))
    data[position % len(data)] = value
    try:
        decode(bytes(data))
    except BadImage:
        return


@pytest.mark.parametrize("side", [8001, 20_000, 60_000])
def test_decompression_bombs_are_refused_unopened(side: int) -> None:
    data = png_header(side, side)
    assert len(data) < 200
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadImage, match="megapixels"):
        decode(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_grey() -> None:
    pixels = decode(encoded(Image.new("L", (20, 20), 77)))
    assert (pixels == 77).all()


def test_one_bit() -> None:
    assert (decode(encoded(Image.new("1", (20, 20), 1))) == 255).all()


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_cmyk(file_format: str) -> None:
    cmyk = left_red_right_green(64, 64).convert("CMYK")
    pixels = decode(encoded(cmyk, file_format)).astype(int)
    assert np.abs(pixels[8, 2] - RED).max() < 20
    assert np.abs(pixels[8, -3] - GREEN).max() < 20


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(file_format: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 16).astype(np.uint16), (16, 1))
    pixels = decode(encoded(Image.fromarray(ramp), file_format))
    np.testing.assert_allclose(pixels[..., 0], ramp / 257, atol=1)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_sixteen_bits_of_a_dark_image_stay_dark() -> None:
    dark = np.full((16, 16), 250, dtype=np.uint16)  # 0.4 % of full brightness
    assert decode(encoded(Image.fromarray(dark))).max() <= 1


def test_palette() -> None:
    pixels = decode(encoded(left_red_right_green().convert("P", palette=Image.Palette.ADAPTIVE)))
    np.testing.assert_array_equal(pixels, np.asarray(left_red_right_green()))


def palette_with_transparency() -> bytes:
    image = left_red_right_green().convert("P", palette=Image.Palette.ADAPTIVE)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=int(np.asarray(image)[0, 0]))
    return buffer.getvalue()


def half_transparent(mode: str) -> bytes:
    image = left_red_right_green().convert(mode)
    image.putalpha(Image.fromarray(np.repeat(np.array([[0] * 8 + [255] * 8], np.uint8), 16, axis=0)))
    return encoded(image)


@pytest.mark.parametrize("data", [half_transparent("RGB"), palette_with_transparency()], ids=["RGBA", "palette"])
def test_transparent_pixels_show_the_canvas(data: bytes) -> None:
    pixels = decode(data)
    assert (pixels[:, 0] == CANVAS).all()
    assert (pixels[:, -1] == GREEN).all()


def test_grey_with_alpha_shows_the_canvas() -> None:
    pixels = decode(half_transparent("L"))
    assert (pixels[:, 0] == CANVAS).all()
    assert pixels[0, -1, 0] == pixels[0, -1, 2] != CANVAS[0]


def test_half_opaque_pixels_are_mixed_with_the_canvas() -> None:
    image = Image.new("RGBA", (16, 16), (*RED, 128))
    expected = (np.array(RED) * 128 + np.array(CANVAS) * 127) / 255
    np.testing.assert_allclose(decode(encoded(image))[0, 0], expected, atol=1)


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (2, lambda pixels: pixels[:, ::-1]),
        (3, lambda pixels: pixels[::-1, ::-1]),
        (6, lambda pixels: np.rot90(pixels, -1)),
        (8, lambda pixels: np.rot90(pixels, 1)),
    ],
)
def test_exif_rotation_is_undone(orientation: int, undo: Callable[[np.ndarray], np.ndarray]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(encoded(left_red_right_green(), "PNG", exif))
    np.testing.assert_array_equal(pixels, undo(np.asarray(left_red_right_green())))


def test_exif_rotation_turns_the_reported_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    _, size_px = decode_image(encoded(left_red_right_green(40, 24), "JPEG", exif), "a.jpg", 16, CANVAS)
    assert size_px == (24, 40)


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (3, 100), (1, 1), (2, 60_000)])
def test_strips_and_dots_are_enlarged_within_bounds(size: tuple[int, int]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pixels = decode(encoded(Image.new("RGB", size, RED)), size_px=112)
    assert (pixels == RED).all()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_the_centre_is_cropped() -> None:
    image = Image.new("RGB", (48, 16), RED)
    image.paste(GREEN, (16, 0, 32, 16))
    assert (decode(encoded(image)) == GREEN).all()
    assert (decode(encoded(image.transpose(Image.Transpose.ROTATE_90))) == GREEN).all()


def test_the_first_frame_of_an_animation_is_taken() -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, GREEN)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100)
    assert np.abs(decode(buffer.getvalue()).astype(int) - RED).max() < 5


def detail(pixels: np.ndarray) -> float:
    return float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())


def test_effective_resolution_evens_out_detail() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    large = Image.fromarray(noise)
    small = large.resize((32, 32), Image.Resampling.BILINEAR)
    evened = decode(encoded(large), 64, effective_resolution_px=32)
    np.testing.assert_array_equal(evened, decode(encoded(small), 64))
    assert detail(evened) < 0.6 * detail(decode(encoded(large), 64))


def test_effective_resolution_leaves_smaller_files_alone() -> None:
    small = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)))
    np.testing.assert_array_equal(decode(small, 64, effective_resolution_px=32), decode(small, 64))


def test_pixels_by_settings_are_those_of_the_file() -> None:
    image = Image.new("RGBA", (40, 20), (*RED, 0))
    image.paste((*GREEN, 255), (10, 0, 30, 20))
    source = PixelSource("an image", encoded(image), "some/file.png")
    settings = {"image_size_px": 16, "canvas": [10, 20, 30], "effective_resolution_px": 8}
    pixels, size_px = make_pixels(source, settings)
    assert size_px == (40, 20)
    assert np.array_equal(pixels, decode_image(source.data, "", 16, CANVAS, 8)[0])
    for changed in ({"canvas": [200, 0, 0]}, {"effective_resolution_px": None}):
        assert not np.array_equal(pixels, make_pixels(PixelSource("wide", encoded(image)), {**settings, **changed})[0])
    with pytest.raises(BadImage) as refused:
        make_pixels(PixelSource("empty", b"", "some/empty.png"), settings)
    assert refused.value.where == "some/empty.png"


def grey_with_transparency(bits: int) -> bytes:
    """Return a PNG whose left half has the value that stands for transparent."""
    ramp = np.tile(np.repeat(np.array([3, 200], np.uint16), 8), (16, 1))
    values = ramp.astype(np.uint8) if bits == 8 else ramp * 257
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", transparency=int(values[0, 0]))
    return buffer.getvalue()


def test_sixteen_bits_keep_their_transparency_as_eight_do() -> None:
    pixels = decode(grey_with_transparency(16))
    assert (pixels[:, :8] == CANVAS).all()
    assert (pixels[:, 8:] == 200).all()
    np.testing.assert_array_equal(pixels, decode(grey_with_transparency(8)))


def colours_of_sixteen_bits(transparent: tuple[int, int, int]) -> bytes:
    """Return a PNG of 16-bit colours, red on the left and green on the right, with a colour that is transparent."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    wide = [struct.pack(">HHH", *(value * 257 for value in colour)) for colour in (RED, GREEN)]
    rows = (b"\0" + wide[0] * 8 + wide[1] * 8) * 16
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0))
    marked = chunk(b"tRNS", struct.pack(">HHH", *(value * 257 for value in transparent)))
    return b"\x89PNG\r\n\x1a\n" + header + marked + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_sixteen_bit_colours_keep_their_transparency() -> None:
    pixels = decode(colours_of_sixteen_bits(RED))
    assert (pixels[:, :8] == CANVAS).all()
    assert (pixels[:, 8:] == GREEN).all()
    assert (decode(colours_of_sixteen_bits((1, 2, 3)))[:, :8] == RED).all()


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_data_of_twelve_bits_are_noted_and_read_by_their_depth(file_format: str) -> None:
    ramp = np.tile(np.linspace(0, 4095, 16).astype(np.uint16), (16, 1))
    source = PixelSource("twelve", encoded(Image.fromarray(ramp), file_format), "twelve.tif")
    plain = {"image_size_px": 16, "canvas": CANVAS, "effective_resolution_px": None}
    assert make_pixels(source, plain)[0].max() <= 16
    note = note_file(source, plain)
    assert note is not None
    assert "at most 4095" in note
    assert "dataset.bit_depth = 12" in note
    deep = {**plain, "bit_depth": 12}
    np.testing.assert_allclose(make_pixels(source, deep)[0][..., 0], ramp / 4095 * 255, atol=1)
    assert note_file(source, deep) is None


@pytest.mark.parametrize("values", [np.full((16, 16), 40_000, np.uint16), np.zeros((16, 16), np.uint16)])
def test_nothing_is_noted_of_values_that_use_their_bits(values: np.ndarray) -> None:
    assert note_file(PixelSource("full", encoded(Image.fromarray(values))), {}) is None
    assert note_file(PixelSource("eight", encoded(left_red_right_green())), {}) is None


def test_a_depth_of_colours_is_refused() -> None:
    settings = {"image_size_px": 16, "canvas": CANVAS, "effective_resolution_px": None, "bit_depth": 12}
    with pytest.raises(BadImage, match="16-bit colours"):
        make_pixels(PixelSource("wide", colours_of_sixteen_bits(RED)), settings)
    make_pixels(PixelSource("eight", encoded(left_red_right_green())), settings)


def fitted(image: Image.Image, fit: str, size_px: int = 16, detail_px: int | None = None) -> np.ndarray:
    settings = {"image_size_px": size_px, "canvas": CANVAS, "effective_resolution_px": detail_px, "fit": fit}
    return make_pixels(PixelSource("portrait", encoded(image)), settings)[0]


def portrait() -> Image.Image:
    """Return an image of 24 x 48 px: red above, green below."""
    return left_red_right_green(48, 24).transpose(Image.Transpose.ROTATE_270)


def test_padding_keeps_the_whole_on_the_canvas() -> None:
    pixels = fitted(portrait(), "pad")
    assert pixels.shape == (16, 16, 3)
    assert (pixels[:, :4] == CANVAS).all()
    assert (pixels[:, 12:] == CANVAS).all()
    assert (pixels[:7, 4:12] == RED).all()
    assert (pixels[9:, 4:12] == GREEN).all()
    turned = fitted(portrait().transpose(Image.Transpose.ROTATE_90), "pad")
    np.testing.assert_array_equal(turned, np.rot90(pixels))


def test_stretching_fills_the_square_with_the_whole() -> None:
    pixels = fitted(portrait(), "stretch")
    assert (pixels[:7] == RED).all()
    assert (pixels[9:] == GREEN).all()


@pytest.mark.parametrize("detail_px", [None, 8])
def test_every_fit_of_a_square_is_the_square(detail_px: int | None) -> None:
    image = left_red_right_green(32, 32)
    cropped = decode(encoded(image), 16, detail_px)
    for fit in ("crop", "pad", "stretch"):
        np.testing.assert_array_equal(fitted(image, fit, detail_px=detail_px), cropped)


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_detail_is_evened_out_along_the_side_that_fills_the_square(fit: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 64, 3), dtype=np.uint8))
    # Without the canvas beside it.
    evened = fitted(noise, fit, 64, detail_px=16)[:, 20:44]
    assert detail(evened) < 0.6 * detail(fitted(noise, fit, 64)[:, 20:44])


@pytest.mark.parametrize("fit", ["pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (1, 1), (2, 60_000)])
def test_strips_and_dots_fit(fit: str, size: tuple[int, int]) -> None:
    assert (fitted(Image.new("RGB", size, RED), fit, 112)[55, 55] == RED).all()


def test_a_file_of_larger_values_is_read_as_sixteen_bits_and_noted() -> None:
    ramp = np.tile(np.linspace(0, 65535, 16).astype(np.uint16), (16, 1))
    source = PixelSource("sixteen", encoded(Image.fromarray(ramp)), "sixteen.png")
    deep = {"image_size_px": 16, "canvas": CANVAS, "effective_resolution_px": None, "bit_depth": 12}
    np.testing.assert_allclose(make_pixels(source, deep)[0][..., 0], ramp / 257, atol=1)
    assert "do not fit into 12 bits" in str(note_file(source, deep))
