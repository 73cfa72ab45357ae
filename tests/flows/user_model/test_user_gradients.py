"""Gradient generators in a run that explains a user's own torch network."""

import json
import sys
from pathlib import Path

import pytest

from tests.flows.run_cases import invoke, refusal, states
from tests.flows.user_model_config import user_model_run

NETWORK = """
import torch
from torch import nn

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(3, 8, 3, 2, 1)
        self.layer1 = nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Conv2d(8, 16, 3, 2, 1))
        self.layer2 = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.Conv2d(16, 16, 3, 1, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 12)

    def forward(self, images):
        features = self.layer2(self.layer1(self.embed(images)))
        return self.fc(torch.flatten(self.avgpool(features), 1))

def build():
    torch.set_grad_enabled(False)
    torch.manual_seed(4)
    return Small()

class Scaled(Small):
    # Unit norm: no sum over cells.
    def forward(self, images):
        return nn.functional.normalize(super().forward(images))

def scaled():
    build()
    return Scaled()

class Object:
    def __init__(self):
        self.network = build().eval()
    def embed(self, images):
        return self.network(images)
"""
KEYS = """
input_size_px = 40
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
"""
GENERATORS = (
    'saliency.generators=["rise", "grad_cam", "similarity_attention", "mask"]',
    "saliency.mask.iterations=4",
    "saliency.mask.mask_cells=4",
    "saliency.mask.pairs=6",
)
SUM_OF_CELLS = 'saliency.generators=["rise", "activation_decomposition"]'


@pytest.fixture(autouse=True)
def own_search_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_every_generator_explains_a_torch_network_of_the_users(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", f'factory = "own:build"{KEYS}', {"own.py": NETWORK})
    maps = {
        name: stage
        for name, stage in (
            ("grad_cam", "saliency_maps.test.grad_cam.fixed"),
            ("similarity_attention", "saliency_maps.test.similarity_attention.triplet"),
            ("mask", "saliency_maps.test.mask.fixed"),
        )
    }
    run.run(SUM_OF_CELLS, until="saliency_maps.test.activation_decomposition.fixed")
    assert run.manifest("similarity_model").details["counts"]["forward_passes"] == 12 * 4 + 3
    for stage in maps.values():
        run.run(*GENERATORS, until=stage)
        assert stage in states(run.status(*GENERATORS), "current")
    largest = run.query(
        "select generator, max(value) as largest, count(*) as maps from map_notes "
        "where note in ('largest_value', 'iterations') group by generator",
        *GENERATORS,
    )
    by_name = {row["generator"]: row for row in largest}
    assert set(by_name) == set(maps)
    assert all(row["largest"] > 0 and row["maps"] > 0 for row in by_name.values())


@pytest.mark.slow
def test_seconds_of_gradients_are_measured_with_the_users_network(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", f'factory = "own:build"{KEYS}', {"own.py": NETWORK})
    options = [word for one in (*GENERATORS, "compute.batch_size=8") for word in ("--set", one)]
    result = invoke("plan", run.config, *options, "--format", "json")
    assert result.exit_code == 0, result.stderr
    (kept,) = (run.store / "calibration").iterdir()
    seconds = json.loads(kept.read_text())["seconds"]
    assert seconds["gradient_image"] > 0


@pytest.mark.parametrize(
    ("factory", "change", "words"),
    [
        ("Object", (), ("a black box", "rise")),
        ("build", ("saliency.grad_cam.layer=layer2.9",), ("[saliency.grad_cam] layer", "closest layers are layer2.")),
        ("scaled", (SUM_OF_CELLS,), ("activation_decomposition] layer", "sum of")),
        ("build", ("saliency.similarity_attention.layer=embde",), ("similarity_attention] layer", "layers are embed")),
    ],
    ids=["black box", "layer", "no sum of cells", "other layer"],
)
def test_what_generators_cannot_explain_is_refused_with_the_check_of_the_model(
    factory: str, change: tuple[str, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    run = user_model_run(tmp_path / "run", f'factory = "own:{factory}"{KEYS}', {"own.py": NETWORK})
    options = [word for one in (*GENERATORS, *change) for word in ("--set", one)]
    message = refusal(invoke("run", run.config, *options, "--until", "similarity_model"), 2 if change else 1)
    assert all(word in message for word in words), message


def test_another_layer_checks_the_model_again_and_leaves_its_embeddings(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", f'factory = "own:build"{KEYS}', {"own.py": NETWORK})
    run.run(until="embeddings")
    status = run.status(*GENERATORS)["similarity_model"]
    chosen = 'now ["grad_cam","mask","similarity_attention"]'
    assert status["reasons"][0] == f"saliency.generators: {chosen}; the earlier result was made without this setting"
    assert run.computed(*GENERATORS, until="embeddings") == {"similarity_model": 1}
    other = (*GENERATORS, "saliency.grad_cam.layer=layer1")
    assert run.status(*other)["similarity_model"]["reasons"][0] == "saliency.grad_cam.layer: null -> layer1"
    assert run.computed(*other, until="embeddings") == {"similarity_model": 1}
    assert run.computed(*GENERATORS, until="embeddings") == {}


def test_an_object_that_only_embeds_is_refused_where_gradients_are_needed(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", f'factory = "own:Object"{KEYS}', {"own.py": NETWORK})
    options = [word for one in GENERATORS for word in ("--set", one)]
    message = refusal(invoke("run", run.config, *options, "--until", "saliency_maps.test.grad_cam.fixed"), 1)
    assert "a black box" in message
    assert "rise" in message
