"""The job that groups attributes: what it reads of training labels, its two tables, and what explanations name."""

import logging
from pathlib import Path

import numpy as np
import pytest

from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.jobs import attribute_groups as job
from flows.readers.attribute_groups import group_name_of_attribute, read_separability
from pipeline.explanation.separability import separability
from stores.artifacts import ArtifactStore
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.table_schemas import SCHEMAS

NAMES = ["colour:red", "colour:blue", "colour:grey", "big", "small", "tail", "living"]
# Of the first split only; of the others it must not look at anything.
TRAIN = [(n % 3, n % 2 == 0, n % 5 < 2) for n in range(60)]


def attributes_of(colour: int, big: bool, tail: bool) -> list[str]:
    return [NAMES[colour], "big" if big else "small", *(["tail"] if tail else []), "living"]


def images(split: str, attributes: list[list[str]]) -> list[dict]:
    return [
        {
            "image_id": f"{split}{n:02d}",
            "path": "p",
            "split": split,
            "label": "x",
            "attributes": names,
            "width_px": 1,
            "height_px": 1,
            "sha256": "0",
            "pixels_sha256": "0",
            "similarity_target": None,
        }
        for n, names in enumerate(attributes)
    ]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> JobInputs:
    store = ArtifactStore(str(tmp_path_factory.mktemp("store")))
    vocabulary = [{"position": n, "attribute": name, "group": -1} for n, name in enumerate(NAMES)]
    shards = {
        "train/000": {"images": table("images", images("train", [attributes_of(*row) for row in TRAIN]))},
        "test/000": {"images": table("images", images("test", [["big", "small"], ["tail"]]))},
    }
    manifests = {
        "vocabulary": fill(store, "vocabulary", {"all": {"vocabulary": table("attribute_vocabulary", vocabulary)}}),
        "images": fill(store, "images", shards),
    }
    settings = {"group_correlation": 0.95, "group_condition": 30.0}
    tables = (SCHEMAS["attribute_groups"], SCHEMAS["label_separability"])
    stage, device = "attribute_groups", Device("cpu", 1, 1)
    task = ShardTask("", stage, job.__name__, "0" * 64, "all", settings, {}, {}, {}, device, "", tables)
    return JobInputs(task, Upstream(store, manifests))


def rows_of(inputs: JobInputs, name: str, tested=job) -> list[dict]:
    return tested.run(inputs).parts[name].table.to_pylist()


def assert_groups(inputs: JobInputs, tested=job) -> None:
    rows = {row["attribute"]: row for row in rows_of(inputs, "attribute_groups", tested)}
    assert list(rows) == NAMES
    # A colour follows from the other two, and is told apart by its differences from them.
    assert [rows[name]["members"] for name in NAMES] == [1, 1, 1, 2, 2, 1, None]
    assert rows["big"]["group_name"] == rows["small"]["group_name"] == "big / no small"
    assert rows["big"]["group"] == rows["small"]["group"]
    assert (rows["big"]["correlation"], rows["small"]["correlation"]) == (pytest.approx(1), pytest.approx(-1))
    assert rows["tail"]["group_name"] == "tail"
    assert (rows["living"]["group"], rows["living"]["group_name"], rows["living"]["correlation"]) == (None,) * 3
    assert (rows["living"]["training_images"], rows["colour:blue"]["training_images"]) == (60, 20)


def test_groups_are_those_of_the_training_labels(inputs: JobInputs) -> None:
    assert_groups(inputs)


@pytest.mark.parametrize(
    ("line", "replacement"),
    [
        ('"train")[1]', '"test")[1]'),
        ("found.sign_a[attribute] * ", ""),
        ('vocabulary["group"].to_pylist(), labels_na)', "range(7), labels_na)"),
        ("varies = group >= 0", "varies = True"),
    ],
)
def test_a_broken_copy_is_noticed(inputs: JobInputs, tmp_path: Path, line: str, replacement: str) -> None:
    with pytest.raises(AssertionError):
        assert_groups(inputs, broken_copy(job, tmp_path, line, replacement))


def test_one_row_says_how_far_the_labels_tell(inputs: JobInputs) -> None:
    (row,) = rows_of(inputs, "label_separability")
    counts = {name: row[name] for name in ("training_images", "label_rows", "attributes", "rank", "groups")}
    assert counts == {"training_images": 60, "label_rows": 12, "attributes": 6, "rank": 4, "groups": 5}
    assert row["condition"] is None
    assert row["group_condition"] < 3


def test_a_run_says_what_it_cannot_tell_apart(inputs: JobInputs, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "sane"):
        job.run(inputs)
    assert "cannot tell apart 2 of 6 attributes" in caplog.text


def test_explanations_name_the_groups_of_those_that_share_one(inputs: JobInputs, tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    made = {"all": {"attribute_groups": table("attribute_groups", rows_of(inputs, "attribute_groups"))}}
    upstream = Upstream(store, {"attribute_groups": fill(store, "attribute_groups", made)})
    assert group_name_of_attribute(upstream) == {"big": "big / no small", "small": "big / no small"}


def test_groups_are_read_back_as_they_were_found(inputs: JobInputs, tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    made = fill(store, "attribute_groups", {"all": job.run(inputs).parts})
    read = read_separability(Upstream(store, {"attribute_groups": made}))
    labels_na = np.array([[name in attributes_of(*row) for name in NAMES] for row in TRAIN])
    found = separability(labels_na, [0, 0, 0, -1, -1, -1, -1])
    # Big and small exclude each other: one group, of which one goes with the other's absence.
    assert -1 in found.sign_a
    assert -1 in found.group_a
    for name in ("group_a", "sign_a"):
        np.testing.assert_array_equal(getattr(read, name), getattr(found, name))
    np.testing.assert_allclose(read.correlation_a, found.correlation_a)
    assert (read.rank, read.n_groups) == (found.rank, found.n_groups)
