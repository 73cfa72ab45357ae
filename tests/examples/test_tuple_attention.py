"""Attention of tuples from a script: by ids, from a file, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.explain import explain_tuple
from pipeline.errors import BadSetting
from stores.errors import MissingArtifact
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

PATH = Path(__file__).resolve().parents[2] / "examples" / "tuple_attention.py"


def test_the_script_writes_a_map_of_every_image(finished_run: FinishedRun, tmp_path: Path) -> None:
    ids = [row["image_id"] for row in finished_run.query("select image_id from images where split = 'test' limit 3")]
    words = [sys.executable, str(PATH), str(finished_run.config), str(tmp_path / "maps"), *ids]
    result = subprocess.run(words, check=True, capture_output=True, text=True)
    with np.load(tmp_path / "maps" / "attention.npz") as arrays:
        assert arrays["display_khw"].shape == (3, 32, 32)
        seen = np.count_nonzero(arrays["largest_k"])
    assert len(result.stdout.splitlines()) == 1 + seen


def test_a_file_of_an_image_has_the_map_of_its_id_and_two_classes_have_others(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    first, second = (
        row["image_id"] for row in finished_run.query("select image_id from images where split = 'test' limit 2")
    )
    by_id = explain_tuple(finished_run.config, (first, second))
    file = tmp_path / "second.png"
    Image.fromarray(by_id.images[1].pixels_hwc).save(file)
    by_file = explain_tuple(finished_run.config, (first, str(file)))
    np.testing.assert_allclose(by_file.attention.native_tkhw, by_id.attention.native_tkhw, atol=1e-5)
    apart = explain_tuple(finished_run.config, (first, second), same_class=False)
    np.testing.assert_allclose(apart.attention.weights_td, 1 - by_id.attention.weights_td, atol=1e-6)


def test_unknown_images_and_a_run_without_a_model_are_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="the id of an image"):
        explain_tuple(finished_run.config, ("none", "other"))
    with pytest.raises(MissingArtifact, match="--until embeddings"):
        explain_tuple(write_config(tmp_path), ("none", "other"))
