"""Joint effects of a model whose effects follow from a formula: backgrounds count where there is an emblem."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.jobs import joint_effects as job
from flows.readers.joint_effects import read_joint_truth
from flows.readers.pair_frame import PairFrame
from pipeline.datasets.planted.item_edits import apply_edit
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.joint_edits import edited_images, joint_edits
from pipeline.datasets.planted.renderer import render_item
from pipeline.datasets.planted.vocabulary import FACTORS, attribute_groups, attribute_names
from stores.artifacts import ArtifactStore
from stores.parts import ArraysPart
from tests.flows.jobs.small_store import fill, table
from tests.flows.jobs.test_true_effects import DATASET, IDS, PAIRS, SPEC, Scorer, cosine, emblem_vector
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.table_schemas import SCHEMAS

SOME = PAIRS[:6]


@pytest.fixture(autouse=True)
def _models_are_those_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "load_scorer", job.load_scorer)


def result_of(root: Path, module: ModuleType = job) -> Any:
    scorer = Scorer("emblem_on_background")
    module.load_scorer = lambda _inputs: scorer  # type: ignore[attr-defined]
    store = ArtifactStore(str(root))
    digests = [{"image_id": image_id, "split": "test", "embedding_sha256": "0" * 64} for image_id in IDS]
    embeddings_nd = scorer.embed(np.stack([render_item(SPEC, image_id) for image_id in IDS]))
    parts = {
        "embeddings": ArraysPart({"embeddings": embeddings_nd}, {"embeddings": ("image", "dimension")}),
        "image_embeddings": table("image_embeddings", digests),
    }
    embedded = fill(store, "embeddings", {"test/a": parts})
    work = {"pairs": SOME, "embedding_shards": dict.fromkeys(IDS, embedded.shard_keys[0])}
    values = {"split": "test", "dataset": DATASET, "precision": "float32"}
    tables = (SCHEMAS["joint_effects"],)
    name, device = "joint_effects.test", Device("cpu", 1, 1)
    task = ShardTask("", name, job.__name__, "0" * 64, "all", values, {}, work, {}, device, "", tables)
    return module.run(JobInputs(task, Upstream(store, {"embeddings": embedded})))


def assert_effects(root: Path, module: ModuleType = job) -> None:
    rows = result_of(root, module).parts["joint_effects"].table.to_pylist()
    images = {pair["pair_id"]: (pair["query"], pair["reference"]) for pair in SOME}
    sizes = []
    for row in rows:
        query, reference = (sample_item(SPEC, image_id) for image_id in images[row["pair_id"]])
        scores = []
        for draw in joint_edits(SPEC, query.image_id):
            edited = query
            for name in row["attributes"]:
                edited = apply_edit(edited, draw[name])
            scores.append(cosine(emblem_vector(edited), emblem_vector(reference)))
        before = cosine(emblem_vector(query), emblem_vector(reference))
        assert row["effect"] == pytest.approx(before - np.mean(scores), abs=1e-6), row
        assert row["size"] == len(row["attributes"])
        sizes.append(abs(before - np.mean(scores)))
    assert max(sizes) > 0.05
    expected = sum(2 ** len(sample_item(SPEC, query).attributes) - 1 for query, _ in images.values())
    assert len({(row["pair_id"], tuple(row["attributes"])) for row in rows}) == len(rows) == expected


def test_joint_effects_are_those_of_the_formula(tmp_path: Path) -> None:
    assert_effects(tmp_path)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("scores_nk[0] - scores_nk[start:stop].mean(axis=0)", "scores_nk[start:stop].mean(axis=0) - scores_nk[0]"),
        ("effects, start = [], 1", "effects, start = [], 0"),
        ("zip(pairs, effects_sk.T, strict=True)", "zip(pairs, effects_sk[:, ::-1].T, strict=True)"),
        ("scores_nk[start:stop].mean(axis=0)", "scores_nk[start : start + 1].mean(axis=0)"),
    ],
    ids=["other sign", "shifted", "other reference", "one draw"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_effects(tmp_path / "store", broken_copy(job, tmp_path, right, wrong))


def test_passes_are_as_many_as_foretold(tmp_path: Path) -> None:
    queries = {pair["query"] for pair in SOME}
    foretold = sum(edited_images(len(FACTORS), len(sample_item(SPEC, query).parts)) for query in queries)
    assert result_of(tmp_path).counts == {"pairs": len(SOME), "forward_passes": foretold}


def test_the_truth_is_read_back_in_the_order_of_sets(tmp_path: Path) -> None:
    found = result_of(tmp_path / "made").parts["joint_effects"]
    # Rows in another order are read alike.
    mixed = found.table.take(list(reversed(range(found.table.num_rows))))
    store = ArtifactStore(str(tmp_path / "read"))
    part = table("joint_effects", mixed.to_pylist())
    upstream = Upstream(
        store, {"joint_effects.test": fill(store, "joint_effects.test", {"all": {"joint_effects": part}})}
    )
    ids = [pair["pair_id"] for pair in SOME]
    nothing = np.zeros(len(ids), dtype=np.int64)
    names = list(attribute_names())
    frame = PairFrame("test", IDS, ids, nothing, nothing, np.zeros((0, 0)), names, list(attribute_groups()), [])
    truth = read_joint_truth(upstream, frame, 0.02)
    for pair, members, effects_s in zip(SOME, truth.members_p, truth.effects_p, strict=True):
        attributes = sample_item(SPEC, pair["query"]).attributes
        assert tuple(names[member] for member in members) == attributes
        effects = {
            tuple(row["attributes"]): row["effect"]
            for row in found.table.to_pylist()
            if row["pair_id"] == pair["pair_id"]
        }
        assert effects_s[-1] == effects[attributes]
        assert effects_s[: len(members)].tolist() == [effects[(name,)] for name in attributes]
