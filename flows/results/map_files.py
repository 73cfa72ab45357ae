"""Maps of chosen pairs as files: arrays, and pictures of the query under its map. Nothing there is overwritten."""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from flows.results.results import Results
from pipeline.errors import BadSetting
from pipeline.report.overlays import SHOWN_SIZE_PX, overlay
from pipeline.report.shown_image import ShownImage

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+-]*")
_LONGEST_STEM = 60
_DIGEST_DIGITS = 12


@dataclass(frozen=True)
class AskedMaps:
    """Which maps are written.

    Attributes:
        pair_ids: of test pairs; one that is there twice is written once.
        generator: one of `saliency.generators`.
        mode: one of its modes.
        placed: lay them over the original photograph instead of the model's view.
    """

    pair_ids: Sequence[str]
    generator: str
    mode: str
    placed: bool


@dataclass(frozen=True)
class WrittenMap:
    """The files of one pair.

    Attributes:
        array: float32 (y, x) as NPY.
        picture: PNG; None where the map is flat, so that there is nothing to draw.
        is_substitute: whether the picture shows the model's view because the photograph is not there any more.
    """

    array: Path
    picture: Path | None
    is_substitute: bool

    def line(self) -> str:
        """Return both in words."""
        if self.picture is None:
            return f"{self.array} (the map is flat: no picture)"
        view = " (the model's view: the photograph is not there any more)" if self.is_substitute else ""
        return f"{self.array}, {self.picture}{view}"


def write_maps(results: Results, asked: AskedMaps, folder: Path) -> list[WrittenMap]:
    """Write the maps of pairs into a folder, which is made where it is not there, and return their files.

    A pair's files are <pair>.<generator>.<mode>[.placed].npy and .png. Pictures have a long side of 224 px or, without
    `placed`, that of the model's view where it is larger.

    Raises:
        BadSetting: a file is there already (then nothing is written), or cannot be written; an id or a name is unknown.
        MissingArtifact: the maps are not current.
        StoreError: the store cannot be read.
    """
    pair_ids = list(dict.fromkeys(asked.pair_ids))
    ending = f".{asked.generator}.{asked.mode}" + (".placed" if asked.placed else "")
    files = {pair_id: folder / (safe_stem(pair_id) + ending) for pair_id in pair_ids}
    maps = results.maps(pair_ids, asked.generator, asked.mode)
    _refuse_existing([_named(file, kind) for file in files.values() for kind in (".npy", ".png")])
    written = []
    for pair_id, file in files.items():
        image = _image(results, pair_id, asked.placed)
        shown_px = SHOWN_SIZE_PX if asked.placed else max(SHOWN_SIZE_PX, *image.size_px)
        picture = overlay(image, maps[pair_id], shown_px)
        array_hw = results.place(pair_id, maps[pair_id]) if asked.placed else maps[pair_id]
        _create(_named(file, ".npy"), _npy_bytes(array_hw))
        if picture is not None:
            _create(_named(file, ".png"), _png_bytes(picture))
        shown = None if picture is None else _named(file, ".png")
        written.append(WrittenMap(_named(file, ".npy"), shown, image.is_substitute))
    return written


def safe_stem(item_id: str) -> str:
    """Return an id as a file name without an ending: the id itself where it is plain, else what is plain of it.

    An id that is not plain, or is long, gets a digest of it, so that different ids have different names.
    """
    if _PLAIN.fullmatch(item_id) and len(item_id) <= _LONGEST_STEM:
        return item_id
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "-", item_id)[:_LONGEST_STEM].strip("-")
    digest = hashlib.sha256(item_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
    return f"{plain}-{digest}" if plain else digest


def _image(results: Results, pair_id: str, placed: bool) -> ShownImage:
    query = results.pair(pair_id)["query"]
    return results.shown_image(query) if placed else ShownImage(results.image(query))


def _named(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)


def _refuse_existing(files: Sequence[Path]) -> None:
    there = [file for file in files if file.exists() or file.is_symlink()]
    if there:
        raise _already_there(there[0], len(there))


def _already_there(file: Path, count: int) -> BadSetting:
    return BadSetting(
        expected="files that are not there yet: nothing is overwritten",
        found=f"{count} of them already there" if count > 1 else "a file that is already there",
        where=str(file),
        remedy="name another folder, or remove them",
    )


def _create(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as opened:
            opened.write(data)
    except OSError as error:
        if file.exists():
            raise _already_there(file, 1) from error
        raise BadSetting(
            expected="a folder that can be written",
            found=error.strerror or str(error),
            where=str(file),
            remedy="name a folder where you may write",
        ) from error


def _npy_bytes(array: npt.NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _png_bytes(pixels_hwc: npt.NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels_hwc).save(buffer, format="PNG")
    return buffer.getvalue()
