"""Explanations as files: a picture, values as JSON, arrays; nothing that is there is ever overwritten."""

import json
import re
from collections.abc import Mapping
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


def save_explanation(
    folder: Path, stem: str, picture_hwc: np.ndarray, values: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> list[Path]:
    """Write <stem>.png, <stem>.json and <stem>.npz into a folder and return their paths.

    Raises:
        BadSetting: they cannot be written.
    """
    paths = [folder / f"{stem}.{ending}" for ending in ("png", "json", "npz")]
    named: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture_hwc).save(paths[0])
        paths[1].write_text(json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        np.savez_compressed(paths[2], **named)
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
