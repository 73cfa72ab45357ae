"""A part's digest follows its values."""

import dataclasses

import numpy as np
import pytest

from stores.parts import ArraysPart, FilePart, Part, TablePart, TensorsPart, digest_part
from stores.tables import table_from_rows
from tests.table_schemas import SCHEMAS

HISTORY = {"model": "sane", "epoch": 1, "loss": 0.5, "seconds": 1.0}
TABLE = TablePart(SCHEMAS["training_history"], table_from_rows(SCHEMAS["training_history"], [HISTORY]))
ARRAYS = ArraysPart({"a": np.ones(2)}, {"a": ("x",)})
TENSORS = TensorsPart({"a": np.ones(2)}, {"network": "small"})
FILE = FilePart("report.html", b"x")


def test_volatile_columns_axes_units_and_file_names_do_not_count() -> None:
    slower = TablePart(
        SCHEMAS["training_history"], table_from_rows(SCHEMAS["training_history"], [{**HISTORY, "seconds": 2.0}])
    )
    assert digest_part(slower) == digest_part(TABLE)
    assert digest_part(dataclasses.replace(ARRAYS, units={"a": "px"})) == digest_part(ARRAYS)
    assert digest_part(dataclasses.replace(FILE, file_name="other.txt")) == digest_part(FILE)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (
            TABLE,
            TablePart(
                SCHEMAS["training_history"], table_from_rows(SCHEMAS["training_history"], [{**HISTORY, "loss": 0.6}])
            ),
        ),
        (ARRAYS, dataclasses.replace(ARRAYS, arrays={"a": np.zeros(2)})),
        (ARRAYS, dataclasses.replace(ARRAYS, arrays={"b": np.ones(2)})),
        (TENSORS, dataclasses.replace(TENSORS, tensors={"a": np.zeros(2)})),
        (TENSORS, dataclasses.replace(TENSORS, metadata={"network": "large"})),
        (FILE, dataclasses.replace(FILE, data=b"y")),
    ],
)
def test_values_count(one: Part, two: Part) -> None:
    assert digest_part(one) != digest_part(two)
