"""Explanations as files: a picture, values as JSON, arrays, a page; nothing that is there is ever overwritten."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.errors import BadSetting

LONGEST_NAME = 60


def default_folder(a: str, b: str) -> Path:
    """Return explanation-<a>-<b> in the working folder; of paths the files' names, of either what a name may hold."""
    return Path("-".join(("explanation", _plain(a), _plain(b))))


def check_folder(folder: Path) -> Path:
    """Return a folder that may be written into: one that is empty or not there yet.

    Raises:
        BadSetting: it holds something already, or is no folder.
    """
    try:
        is_used = folder.exists() and any(folder.iterdir())
    except OSError as error:
        raise _unwritable(folder, error) from error
    if is_used:
        raise BadSetting(
            expected="a folder that is empty or not there yet: nothing is overwritten",
            found="one that holds files",
            where=str(folder),
            remedy="name another folder, or remove this one",
        )
    return folder


@dataclass(frozen=True)
class SavedFiles:
    """What one direction of an explanation is written as.

    Attributes:
        picture_hwc: uint8 (y, x, 3).
        values: that JSON can hold.
        arrays: by name.
        page: HTML; None for no such file.
    """

    picture_hwc: np.ndarray
    values: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    page: bytes | None


def save_explanation(folder: Path, stem: str, files: SavedFiles) -> list[Path]:
    """Write <stem>.png, <stem>.json and <stem>.npz into a folder, with a page <stem>.html, and return their paths.

    Raises:
        BadSetting: they cannot be written.
    """
    paths = [folder / f"{stem}.{ending}" for ending in ("png", "json", "npz")]
    named: dict[str, Any] = {name: np.asarray(array) for name, array in files.arrays.items()}
    text = json.dumps(files.values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(files.picture_hwc).save(paths[0])
        paths[1].write_text(text, encoding="utf-8")
        np.savez_compressed(paths[2], **named)
        if files.page is not None:
            paths.append(folder / f"{stem}.html")
            paths[3].write_bytes(files.page)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return paths


def _plain(name: str) -> str:
    stem = Path(name).stem if "/" in name else name
    return re.sub(r"[^\w.+-]+", "-", stem)[:LONGEST_NAME].strip("-.") or "image"


def _unwritable(folder: Path, error: OSError) -> BadSetting:
    return BadSetting(
        expected="a folder that can be written",
        found=error.strerror or str(error),
        where=str(folder),
        remedy="name a folder where you may write",
    )
