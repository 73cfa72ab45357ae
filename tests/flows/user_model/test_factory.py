"""Importing and calling a user's factory: the process is as before, and however the code ends is told."""

import os
import random
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from flows.user_model.factory import MadeModel, call_factory
from flows.user_model.loading import as_user_model
from flows.user_model.sources import factory_sources
from pipeline.errors import BadModel
from pipeline.similarity.scorer import SimilarityScorer
from tests.log_lines import logged_lines

DESCRIPTION = {"factory": "mine:build", "array_type": "torch", "input_size_px": None, "mean": None, "std": None}


@pytest.fixture(autouse=True)
def own_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Neither the path nor the modules of a test are there for the next one; libraries stay, which load only once."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def made_by(folder: Path, source: str, arguments: Mapping[str, Any] | None = None) -> MadeModel:
    folder.mkdir(exist_ok=True)
    (folder / "mine.py").write_text(source)
    digests = factory_sources("mine:build", str(folder)).digests
    return call_factory("mine:build", str(folder), digests, arguments or {}, {})


LIKE_A_SCRIPT = """
import os, random, sys
import numpy as np, torch
torch.set_grad_enabled(False)
torch.set_default_dtype(torch.float64)
np.seterr(all="raise")
os.chdir(os.path.dirname(__file__))
sys.argv = ["train.py", "--epochs", "3"]
sys.path[:] = [path for path in sys.path if path != "/kept"] + ["/added"]

def build():
    random.seed(1); np.random.seed(1); torch.manual_seed(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    network = torch.nn.Linear(3, 4)
    class Model:
        def embed(self, images):
            assert os.path.isfile("mine.py")
            assert torch.zeros(1).dtype == torch.float64
            return network(images.double().mean(dim=(2, 3)))
    return Model()
"""


def process() -> list[Any]:
    own = np.random.get_state()[1].tobytes()  # noqa: NPY002
    state = [torch.is_grad_enabled(), torch.get_default_dtype(), np.geterr(), os.getcwd(), list(sys.argv)]
    return [*state, random.getstate(), own, torch.are_deterministic_algorithms_enabled()]


def test_a_script_that_changes_the_process_makes_a_model_and_leaves_the_process_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", ["/kept", *sys.path])
    path, before, drawn = list(sys.path), process(), torch.get_rng_state()
    # Twice, as the check and a later stage do in one process; the module is imported the first time only.
    with logged_lines() as lines:
        for _ in range(2):
            made = made_by(tmp_path / "own", LIKE_A_SCRIPT)
            model = as_user_model(made, DESCRIPTION, "cpu")
            pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
            assert SimilarityScorer(model).embed(pixels).shape == (5, 4)
            assert process() == before
            assert torch.equal(torch.get_rng_state(), drawn)
            assert sys.path == [*path, str(tmp_path / "own"), "/added"]
    assert sum("gradients" in line for line in lines) == 1
    assert sum("sys.argv" in line for line in lines) == 1
    # Every network draws its first weights.
    assert not any("random generators" in line for line in lines)


@pytest.mark.parametrize("call", ["sys.exit(0)", "exit()", "raise GeneratorExit", "raise SystemExit('bye')"])
@pytest.mark.parametrize("where", ["import", "factory"])
def test_code_that_ends_the_process_is_an_error(tmp_path: Path, call: str, where: str) -> None:
    if where == "import":
        source = f"import sys\nimport torch\ntorch.set_grad_enabled(False)\n{call}\ndef build(): pass\n"
    else:
        source = f"import sys\nimport torch\ndef build():\n    torch.set_grad_enabled(False)\n    {call}\n"
    with pytest.raises(BadModel) as refused:
        made_by(tmp_path / "own", source)
    assert refused.value.found.partition(":")[0] in ("SystemExit", "GeneratorExit")
    assert torch.is_grad_enabled()


def test_an_interrupt_while_the_users_code_runs_is_one(tmp_path: Path) -> None:
    source = "import signal\ndef build():\n    signal.raise_signal(signal.SIGINT)\n"
    # Whoever runs the tests may have it ignored, as in the background of a script.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            made_by(tmp_path / "own", source)
    finally:
        signal.signal(signal.SIGINT, previous)


def test_a_property_or_a_move_to_the_device_that_ends_the_process_is_an_error(tmp_path: Path) -> None:
    sources = {
        "property": "class M:\n    @property\n    def embed(self): raise SystemExit\ndef build(): return M()\n",
        "to": "from torch import nn\nclass M(nn.Module):\n    def to(self, *_): raise SystemExit\n"
        "    def forward(self, x): return x\ndef build(): return M()\n",
    }
    for name, source in sources.items():
        made = made_by(tmp_path / name, source)
        with pytest.raises(BadModel) as refused:
            as_user_model(made, DESCRIPTION, "cpu")
        assert refused.value.found == "SystemExit"


def test_the_factory_may_change_its_arguments(tmp_path: Path) -> None:
    arguments = {"layers": [1, {"width": 2}]}
    source = "def build(layers):\n    layers[1]['width'] = 5\n    layers.append(3)\n    return layers\n"
    assert made_by(tmp_path / "own", source, arguments).model == [1, {"width": 5}, 3]
    assert arguments == {"layers": [1, {"width": 2}]}
