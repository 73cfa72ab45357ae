"""Which image a name means: an id of the dataset, or a file; found before anything that takes time is loaded."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from flows.explain.results import StoredResults
from pipeline.errors import BadSetting

# An image may be in several splits, as the same pixels.
LOOKED_UP_IN = ("test", "valid", "train")
CLOSE_IDS_SHOWN = 3


@dataclass(frozen=True)
class DatasetImage:
    """An image of the dataset.

    Attributes:
        split: that holds it.
        row: of the table `images`.
    """

    split: str
    row: Mapping[str, Any]


@dataclass(frozen=True)
class ImageFile:
    """An image file.

    Attributes:
        name: as it was asked for.
        path: where it is.
    """

    name: str
    path: Path


NamedImage = DatasetImage | ImageFile


def named_image(results: StoredResults, name: str) -> NamedImage:
    """Return the image that has a name as its id, or where the dataset has no such id, the file of that path.

    Raises:
        BadSetting: neither an id nor a file.
        StoreError: the store cannot be read.
    """
    for split in LOOKED_UP_IN:
        images = results.upstream.table("images", "images", split)
        row = pc.index(images["image_id"], name).as_py()
        if row >= 0:
            return DatasetImage(split, images.slice(row, 1).to_pylist()[0])
    path = Path(name).expanduser()
    if not path.is_file():
        raise _unknown(results, name)
    return ImageFile(name, path)


def _unknown(results: StoredResults, name: str) -> BadSetting:
    tables = [results.upstream.table("images", "images", split) for split in LOOKED_UP_IN]
    known = [image_id for table in tables for image_id in table["image_id"].to_pylist()]
    close = difflib.get_close_matches(name, dict.fromkeys(known), n=CLOSE_IDS_SHOWN, cutoff=0.5)
    suggestion = f"did you mean {', '.join(close)}? " if close else ""
    return BadSetting(
        expected="the id of an image of the dataset, or the path of an image file",
        found=f"{name!r}, which is neither",
        where="the two images",
        remedy=f"{suggestion}sane query CONFIG 'select image_id, split from images' lists the ids",
    )
