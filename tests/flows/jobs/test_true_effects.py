"""True effects of models whose effects follow from formulas, and presence that follows the items, not their labels."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.jobs import true_effects
from pipeline.datasets.planted import palette
from pipeline.datasets.planted.items import Item, sample_item
from pipeline.datasets.planted.nuisances import draw_nuisances
from pipeline.datasets.planted.renderer import render_item
from pipeline.datasets.planted.spec import planted_spec
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS_OF_TYPE, attribute_groups, attribute_names
from stores.artifacts import ArtifactStore
from stores.parts import ArraysPart
from tests.examples.example_module import load_example
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.table_schemas import SCHEMAS

EXAMPLE = load_example(Path(__file__).resolve().parents[3] / "examples" / "region_colours.py")
SIDE_PX = 48
DATASET = {"seed": 5, "image_size_px": SIDE_PX, "distractor_correlation": 0.4}
SPEC = planted_spec(DATASET)
IDS = [f"test_{number:05d}" for number in range(24)]
# Every third item as a query with the two after it as references.
PAIRS = [
    {"pair_id": f"{query}-{step}", "query": IDS[query], "reference": IDS[query + step]}
    for query in range(0, 22, 3)
    for step in (1, 2)
]


class Scorer:
    """A model of the example, as jobs call models: uint8 pixels in, unit vectors out."""

    def __init__(self, reads: str) -> None:
        self.model = EXAMPLE.build(reads)

    def embed(self, pixels_nhwc: np.ndarray) -> np.ndarray:
        vectors = self.model.embed(pixels_nhwc.transpose(0, 3, 1, 2).astype(np.float32) / 255)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def effects_of(
    root: Path, reads: str, dataset: dict[str, Any] = DATASET, module: ModuleType = true_effects
) -> list[dict[str, Any]]:
    scorer, spec = Scorer(reads), planted_spec(dataset)
    module.load_scorer = lambda _inputs: scorer
    names = attribute_names()
    rows = [
        {"position": position, "attribute": name, "group": group}
        for position, (name, group) in enumerate(zip(names, attribute_groups(), strict=True))
    ]
    store = ArtifactStore(str(root))
    vocabulary = fill(store, "vocabulary", {"all": {"vocabulary": table("attribute_vocabulary", rows)}})
    embeddings_nd = scorer.embed(np.stack([render_item(spec, image_id) for image_id in IDS]))
    digests = [{"image_id": image_id, "split": "test", "embedding_sha256": "0" * 64} for image_id in IDS]
    parts = {
        "embeddings": ArraysPart({"embeddings": embeddings_nd}, {"embeddings": ("image", "dimension")}),
        "image_embeddings": table("image_embeddings", digests),
    }
    embedded = fill(store, "embeddings", {"test/a": parts})
    upstream = Upstream(store, {"vocabulary": vocabulary, "embeddings": embedded})
    key = embedded.shard_keys[0]
    work = {"pairs": PAIRS, "embedding_shards": dict.fromkeys(IDS, key)}
    values = {"split": "test", "dataset": dataset, "precision": "float32"}
    tables = (SCHEMAS["true_effects"], SCHEMAS["null_effects"])
    job = "flows.jobs.true_effects"
    device = Device("cpu", 1, 1)
    task = ShardTask("", "true_effects.test", job, "0" * 64, "all", values, {}, work, {}, device, "", tables)
    found: list[dict[str, Any]] = module.run(JobInputs(task, upstream)).parts["true_effects"].table.to_pylist()
    return found


@pytest.fixture(autouse=True)
def _models_are_those_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    # Set back after each test, whatever the helper has put there.
    monkeypatch.setattr(true_effects, "load_scorer", true_effects.load_scorer)


def with_background(item: Item, value: str) -> Item:
    values = tuple(value if factor == "background" else own for factor, own in zip(FACTORS, item.values, strict=True))
    return Item(item.image_id, item.split, item.item_type, values, item.parts)


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def mean_vector(item: Item) -> np.ndarray:
    """The corner's mean colour by light and noise, without rendering."""
    shown = draw_nuisances(SPEC, item.image_id)
    ground_chw = np.array(palette.BACKGROUND[item.value_of("background")])[:, None, None]
    side = round(SIDE_PX / 16)
    corner_chw = np.clip(ground_chw * shown.light_chw + shown.noise_chw, 0, 1)[:, :side, -side:]
    return np.append(corner_chw.mean(axis=(1, 2)) - 0.6, 0.5)


def colour_vector(item: Item) -> np.ndarray:
    return np.array([*(item.value_of("background") == value for value in FACTORS["background"]), 0.5], dtype=float)


def emblem_vector(item: Item) -> np.ndarray:
    return colour_vector(item) * [*([float("emblem" in item.parts)] * 4), 1.0]


FORMULAS = {"corner_mean": mean_vector, "corner_colour": colour_vector, "emblem_on_background": emblem_vector}
# The mean colour is read from bytes; the others from attributes alone.
TOLERANCE = {"corner_mean": 2e-3, "corner_colour": 1e-6, "emblem_on_background": 1e-6}


def expected_effect(reads: str, query: Item, reference: Item, attribute: str) -> float:
    """Delta by the formula: the background to each other value, the emblem off or on, nothing by anything else."""
    vector = FORMULAS[reads]
    if attribute.startswith("background:"):
        others = [value for value in FACTORS["background"] if value != query.value_of("background")]
        edited = [with_background(query, value) for value in others]
    elif attribute == "part:emblem":
        parts = tuple(part for part in PARTS_OF_TYPE[query.item_type] if (part in query.parts) != (part == "emblem"))
        edited = [Item(query.image_id, query.split, query.item_type, query.values, parts)]
    else:
        edited = [query]
    after = np.mean([cosine(vector(item), vector(reference)) for item in edited])
    return cosine(vector(query), vector(reference)) - float(after)


def assert_effects(root: Path, reads: str, module: ModuleType = true_effects) -> None:
    references = {pair["pair_id"]: pair["reference"] for pair in PAIRS}
    queries = {pair["pair_id"]: pair["query"] for pair in PAIRS}
    rows = effects_of(root, reads, module=module)
    sizes = []
    for row in rows:
        query = sample_item(SPEC, queries[row["pair_id"]])
        reference = sample_item(SPEC, references[row["pair_id"]])
        expected = expected_effect(reads, query, reference, row["attribute"])
        assert row["effect"] == pytest.approx(expected, abs=TOLERANCE[reads])
        assert row["present"] == (row["attribute"] in query.attributes)
        assert row["in_reference"] == (row["attribute"] in reference.attributes)
        sizes.append(abs(expected))
    # The formula has something to say, and nothing about most attributes.
    assert max(sizes) > 0.05
    assert np.mean(np.array(sizes) < 1e-9) > 0.5


@pytest.mark.parametrize("reads", list(FORMULAS))
def test_measured_effects_are_those_of_the_formula(tmp_path: Path, reads: str) -> None:
    assert_effects(tmp_path, reads)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("scores_nk[0] - scores_nk[start:stop].mean(axis=0)", "scores_nk[start:stop].mean(axis=0) - scores_nk[0]"),
        ("effect[slot]", "effect[0]"),
        ('sample_item(spec, pair["reference"]).attributes', 'sample_item(spec, pair["query"]).attributes'),
    ],
    ids=["other sign", "first reference", "own attributes"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_effects(tmp_path / "store", "corner_colour", broken_copy(true_effects, tmp_path, right, wrong))


def test_neither_part_of_a_conjunction_counts_without_the_other(tmp_path: Path) -> None:
    rows = effects_of(tmp_path, "emblem_on_background")
    queries = {pair["pair_id"]: sample_item(SPEC, pair["query"]) for pair in PAIRS}
    grounds = [
        (row["effect"], "emblem" in queries[row["pair_id"]].parts)
        for row in rows
        if row["attribute"].startswith("background:")
    ]
    assert all(abs(effect) < 1e-6 for effect, has_emblem in grounds if not has_emblem)
    assert any(abs(effect) > 0.05 for effect, has_emblem in grounds if has_emblem)


@pytest.mark.parametrize("mode", ["sparse", "class", "correlated"])
def test_presence_is_what_the_items_have_whatever_they_are_labelled_with(tmp_path: Path, mode: str) -> None:
    dataset = {**DATASET, "label_mode": mode, "class_noise": 0.4}
    spec = planted_spec(dataset)
    queries = {pair["pair_id"]: pair["query"] for pair in PAIRS}
    present: dict[str, set[str]] = {}
    for row in effects_of(tmp_path, "corner_colour", dataset):
        if row["present"]:
            present.setdefault(row["pair_id"], set()).add(row["attribute"])
    assert present == {pair: set(sample_item(spec, query).attributes) for pair, query in queries.items()}


@pytest.mark.parametrize("drivers", ["mixed", "colour", "unnamed"])
def test_drivers_are_those_of_the_setting(tmp_path: Path, drivers: str) -> None:
    rows = effects_of(tmp_path, "corner_colour", {**DATASET, "drivers": drivers})
    marked = {row["attribute"].split(":")[0] for row in rows if row["is_driver"]}
    expected = {"mixed": {"body_colour", "pattern", "trim_colour", "part"}, "colour": {"body_colour", "trim_colour"}}
    assert marked == expected.get(drivers, set())
