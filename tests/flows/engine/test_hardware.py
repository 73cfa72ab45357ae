"""The hardware's name, told without torch."""

import socket
from pathlib import Path

import pytest

from flows.engine import hardware
from flows.engine.hardware import hardware_name, processor_name

MODEL = "Model: \t\t {}\nIRQ:   \t\t 88\n"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a GPU whose driver's list is empty as yet."""
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(hardware, "ACCELERATOR_FILES", (str(tmp_path / "nvidiactl"),))
    monkeypatch.setattr(hardware, "DRIVER_GPUS", str(tmp_path / "gpus"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path / "gpus"


def add_gpu(driver: Path, place: str, model: str) -> None:
    (driver / place).mkdir(parents=True)
    (driver / place / "information").write_text(MODEL.format(model))


def test_a_gpu_is_named_by_its_driver(driver: Path) -> None:
    add_gpu(driver, "0000:01:00.0", "Fast One")
    add_gpu(driver, "0000:02:00.0", "Fast One")
    assert hardware_name("auto") == "auto Fast One"
    add_gpu(driver, "0000:03:00.0", "Another")
    assert hardware_name("cuda:1") == "cuda:1 Another, Fast One"


def test_a_gpu_without_a_name_is_the_one_of_this_machine(driver: Path) -> None:
    assert hardware_name("auto") == f"auto accelerator of {socket.gethostname()}"


def test_where_the_processor_computes_it_is_the_processor(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_gpu(driver, "0000:01:00.0", "Fast One")
    name = hardware_name("cpu")
    assert name.startswith(f"cpu {processor_name()}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert hardware_name("auto") == name
    monkeypatch.setattr(hardware, "ACCELERATOR_FILES", ())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert hardware_name("auto") == name


def test_processors_of_one_name_differ_by_their_bfloat16_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(hardware, "PROCESSOR", str(file))
    file.write_text("model name\t: Virtual One\nflags\t\t: fpu avx512_bf16 amx_bf16 sse\n" * 2)
    assert hardware_name("cpu") == "cpu Virtual One amx_bf16 avx512_bf16"
    file.write_text("model name\t: Virtual One\nflags\t\t: fpu sse\n")
    assert hardware_name("cpu") == "cpu Virtual One"
    file.unlink()
    assert hardware_name("cpu").startswith("cpu ")
