"""Lists in MATLAB files: arrays of structures and of texts, as devkits keep them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import BadDataset


def read_mat(path: Path) -> Mapping[str, Any]:
    """Return the variables of a MATLAB file (versions 4 to 7.2) as SciPy reads them.

    Raises:
        BadDataset: the file is missing or cannot be read.
    """
    # SciPy's reader takes a second to import, and plans of other datasets never need it.
    from scipy.io import loadmat

    try:
        with path.open("rb") as file:
            variables: Mapping[str, Any] = loadmat(file)
    except FileNotFoundError as error:
        raise BadDataset(
            expected="a MATLAB file of the release",
            found="no such file",
            where=str(path),
            remedy="set dataset.root to the folder of the release",
        ) from error
    except Exception as error:  # of the reader, which raises what its many formats' parsers do
        raise BadDataset(
            expected="a MATLAB file, version 4 to 7.2",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            remedy="restore the file from the release",
        ) from error
    return variables


def struct_rows(path: Path, variables: Mapping[str, Any], name: str, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the elements of an array of structures, each a plain number or text by field.

    Raises:
        BadDataset: there is no such array, it lacks one of the fields, or a field is no single number or text.
    """
    array = variables.get(name)
    known = () if array is None else array.dtype.names or ()
    lacking = [field for field in fields if field not in known]
    if array is None or lacking:
        raise _malformed(path, f"the variable {name!r}, structures with {', '.join(fields)}", f"no {lacking or name}")
    for number, element in enumerate(array.ravel(), start=1):
        yield {field: _plain(path, f"{name}({number}).{field}", element[field]) for field in fields}


def cell_texts(path: Path, variables: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a cell array.

    Raises:
        BadDataset: there is no such array, or one of its cells is no text.
    """
    array = variables.get(name)
    if array is None or array.dtype != object:
        raise _malformed(path, f"the variable {name!r}, a cell array of texts", "none")
    texts = [_plain(path, f"{name}{{{number}}}", cell) for number, cell in enumerate(array.ravel(), start=1)]
    if not all(isinstance(text, str) for text in texts):
        raise _malformed(path, f"texts in {name!r}", "numbers")
    return [str(text) for text in texts]


def _plain(path: Path, where: str, value: Any) -> int | float | str:
    array = np.asarray(value)
    if array.size == 1 and array.dtype.kind in "iufbU":
        plain: int | float | str = array.ravel()[0].item()
        return plain
    raise _malformed(path, "a single number or text", f"{array.dtype} of shape {array.shape} in {where}")


def _malformed(path: Path, expected: str, found: str) -> BadDataset:
    return BadDataset(expected=expected, found=found, where=str(path), remedy="restore the file from the release")
