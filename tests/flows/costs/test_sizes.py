"""Bytes told before a run against the files that it wrote."""

import pytest
from safetensors.numpy import save

from flows.costs.network_sizes import TRUNKS, attribute_predictor_size, embedding_network_size
from flows.costs.parts import FileSize, TableSize
from flows.costs.sizes import Earlier, real_bytes, shard_bytes
from pipeline.attributes.predictor import build_attribute_predictor
from pipeline.networks import network_state
from pipeline.similarity.networks import build_embedding_network
from stores.artifacts import ArtifactStore
from tests.flows.costs.test_counts import costs_of
from tests.flows.run_cases import FinishedRun

# Formulas take values as uncompressed: maps of the controls and scores of hardly trained models shrink most.
FORMULA_FACTOR = (0.65, 3.0)
FORMULA_TOTAL = 0.2
# With shards of the stage in the store only its shards' different sizes remain.
CORRECTED = 0.15


def written(finished_run: FinishedRun, stage: str) -> int:
    store = ArtifactStore(str(finished_run.store))
    manifest = finished_run.manifest(stage)
    size = len(store.manifest_file(stage, manifest.fingerprint).read_bytes())
    return size + sum(real_bytes(store, commit) for commit in store.read_commits(manifest))


def test_formulas_are_near_what_is_written(finished_run: FinishedRun) -> None:
    costs = costs_of(finished_run.settings("store.root=elsewhere"))
    known = {name: cost.bytes for name, cost in costs.items() if cost.bytes is not None}
    assert set(costs) - set(known) == {"report"}
    real = {name: written(finished_run, name) for name in known}
    far = {name: size / real[name] for name, size in known.items()}
    far = {name: ratio for name, ratio in far.items() if not FORMULA_FACTOR[0] < ratio < FORMULA_FACTOR[1]}
    assert far == {}
    assert sum(known.values()) == pytest.approx(sum(real.values()), rel=FORMULA_TOTAL)


def test_earlier_shards_correct_them(finished_run: FinishedRun) -> None:
    # Every stage that embeds is to do again, with shards of its own in the store from before.
    costs = costs_of(finished_run.settings("compute.precision='bfloat16'"))
    for name in ("embeddings", "saliency_maps.test.centre.fixed", "faithfulness.rise.fixed", "report"):
        assert costs[name].bytes == pytest.approx(written(finished_run, name), rel=CORRECTED), name


def test_what_no_formula_tells_is_not_known_rather_than_nothing() -> None:
    assert shard_bytes([FileSize()], 0, None) is None
    assert shard_bytes([FileSize(), TableSize("pairs", 3)], 0, Earlier(1.0, None)) is None
    assert (shard_bytes([FileSize()], 0, Earlier(1.0, 5000.0)) or 0) > 5000


def test_more_rows_take_more_bytes() -> None:
    sizes = [shard_bytes([TableSize("faithfulness", rows)], 0, None) or 0.0 for rows in (0, 100, 200)]
    assert sizes[2] - sizes[1] == pytest.approx(sizes[1] - sizes[0])
    # Two curves of 101 float64 a row; numbers that never repeat gain nothing from Parquet's dictionary.
    assert sizes[1] - sizes[0] == pytest.approx(100 * 2 * 101 * 8, rel=0.25)


@pytest.mark.parametrize("network", sorted(TRUNKS))
def test_sizes_of_networks_are_those_of_the_networks(network: str) -> None:
    embedding = network_state(build_embedding_network(network, 48))
    assert embedding_network_size(network, 48) == (sum(a.nbytes for a in embedding.values()), len(embedding))
    assert len(save(embedding)) < 1.02 * embedding_network_size(network, 48)[0]
    predictor = network_state(build_attribute_predictor(network, 7, None, 0))
    assert attribute_predictor_size(network, 7) == (sum(a.nbytes for a in predictor.values()), len(predictor))
