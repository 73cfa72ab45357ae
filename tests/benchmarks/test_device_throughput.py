"""The device's benchmark runs where there is no accelerator, and counts what it did."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.device_throughput import matrix_tflops
from flows.engine.code_identity import SOURCE_ROOT

TINY = ["--share", "0.005", "--queries", "2", "--matrix-side", "64", "--repetitions", "1", "--threads", "1"]
TINY += ["--network", "small_residual", "--sizes", "32", "--batches", "4", "8", "--precisions", "float32"]


def test_every_generator_is_measured_on_a_processor(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.device_throughput", "--device", "cpu", *TINY, "--out", str(out)]
    printed = subprocess.run(command, cwd=SOURCE_ROOT, check=True, capture_output=True, text=True).stdout
    figures = json.loads(out.read_text())
    [size] = figures["sizes"]
    assert [one["batch_size"] for one in size["passes"]] == [4, 8]
    # A pass of the small network at 32 px is 3 MMAC, give or take its border.
    for one in size["passes"]:
        assert one["tflops"] / one["images_per_second"] * 1e12 == pytest.approx(6e6, rel=0.1)
        assert one["share_of_ceiling"] == pytest.approx(one["tflops"] / figures["ceilings"]["float32"])
    generators = {one["generator"] for one in size["maps"]}
    gradients = {"mask", "similarity_attention", "grad_cam", "activation_decomposition"}
    assert generators == {"rise", "sliding_window", "lime"} | gradients
    windows = next(one for one in size["maps"] if one["generator"] == "sliding_window")
    # 625 windows and the whole query serve five references.
    assert windows["passes_per_second"] / windows["maps_per_second"] == pytest.approx(626 / 5)
    assert "maps/s" in printed


def test_the_ceiling_is_that_of_a_product() -> None:
    assert 0 < matrix_tflops("cpu", "float32", 64) < 1000
