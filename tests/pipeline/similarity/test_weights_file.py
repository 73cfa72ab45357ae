"""Weights files: read whole, refused with a reason, never executed."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from pipeline.errors import BadModel
from pipeline.networks import network_state
from pipeline.similarity.networks import build_embedding_network, load_network_state
from pipeline.similarity.weights_file import fit_names, read_weights_file
from tests.log_lines import logged_lines


class RunsOnLoading:
    """Pickles as a call that creates a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


def own_state() -> dict[str, torch.Tensor]:
    return dict(build_embedding_network("small_residual", 8, seed=1).state_dict())


HEAD_WEIGHT = list(own_state())[-2]


def assert_same(actual: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert set(actual) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(actual[name], value, rtol=0, atol=0)


def test_safetensors_make_the_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "model of läon.safetensors"
    save_file(own_state(), path)
    assert_same(read_weights_file(path), own_state())


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
@pytest.mark.parametrize("legacy", [False, True])
def test_state_dicts_make_the_round_trip(tmp_path: Path, wrapper: str | None, legacy: bool) -> None:
    path = tmp_path / "model.pt"
    content = own_state() if wrapper is None else {wrapper: own_state(), "epoch": 3}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    assert_same(read_weights_file(path), own_state())


def test_a_file_loads_into_a_network(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(own_state(), path)
    network = build_embedding_network("small_residual", 8, seed=2)
    load_network_state(network, read_weights_file(path), str(path))
    state = network_state(network)
    assert all(np.array_equal(state[name], value.numpy()) for name, value in own_state().items())


def write_pickle(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content))


def write_zipped_pickle(path: Path, content: object) -> None:
    """Write the layout of torch.save with a pickle of our own inside."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")


@pytest.mark.parametrize("name", ["model.pt", "model.bin", "model.safetensors"])
@pytest.mark.parametrize("write", [write_pickle, write_zipped_pickle, lambda path, content: torch.save(content, path)])
def test_a_hostile_pickle_is_refused_and_not_run(tmp_path: Path, name: str, write: object) -> None:
    trace = tmp_path / "it ran"
    path = tmp_path / name
    write({"weight": RunsOnLoading(trace)}, path) if write is torch.save else write(path, {"w": RunsOnLoading(trace)})  # type: ignore[operator]
    with pytest.raises(BadModel, match="safetensors.torch.save_file") as error:
        read_weights_file(path)
    assert not trace.exists()
    assert error.value.where == str(path)


def test_the_hostile_pickle_would_have_run(tmp_path: Path) -> None:
    trace = tmp_path / "it ran"
    write_pickle(tmp_path / "model.pt", RunsOnLoading(trace))
    pickle.loads((tmp_path / "model.pt").read_bytes())  # noqa: S301 - shows that the test above means something
    assert trace.exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(BadModel, match="refused"):
        read_weights_file(path)


@pytest.mark.parametrize(
    "content",
    [[torch.zeros(2)], torch.zeros(2), {"a": 3}, {"state_dict": {"a": "text"}}, {"state_dict": [1]}, 7, None],
    ids=["list", "tensor", "number in dict", "text in state dict", "list in state dict", "number", "nothing"],
)
def test_what_is_no_mapping_to_tensors_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "model.pt"
    torch.save(content, path)
    with pytest.raises(BadModel, match="no mapping of names to tensors"):
        read_weights_file(path)


@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
def test_missing_files_and_folders_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadModel, match="no such file"):
        read_weights_file(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(BadModel, match="no such file"):
        read_weights_file(tmp_path / name)


@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
@pytest.mark.parametrize("kept", [0, 1, 7, 100, 0.5, -1])
def test_truncated_files_are_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = tmp_path / name
    if name.endswith("safetensors"):
        save_file(own_state(), path)
    else:
        torch.save(own_state(), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    with pytest.raises(BadModel) as error:
        read_weights_file(path)
    assert error.value.where == str(path)


@given(data=st.binary(max_size=60), prefix=st.sampled_from([b"", b"\x80\x02", b"\x80\x04", b"PK\x03\x04", b"(", b"c"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
def test_random_bytes_are_refused(tmp_path: Path, name: str, data: bytes, prefix: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(prefix + data)
    with pytest.raises(BadModel):
        read_weights_file(path)


@pytest.mark.parametrize("change", ["missing", "unknown", "misshapen"])
def test_a_file_that_does_not_fit_names_the_tensor(tmp_path: Path, change: str) -> None:
    state = own_state()
    if change == "missing":
        del state[HEAD_WEIGHT]
    elif change == "unknown":
        state[HEAD_WEIGHT + "_2"] = torch.zeros(1)
    else:
        state[HEAD_WEIGHT] = torch.zeros(8, 5)
    path = tmp_path / "model.safetensors"
    save_file(state, path)
    with pytest.raises(BadModel, match=HEAD_WEIGHT) as error:
        load_network_state(build_embedding_network("small_residual", 8), read_weights_file(path), str(path))
    assert error.value.where == str(path)


PREFIXES = ["", "module.", "_orig_mod.", "module._orig_mod.", "model.", "learner.encoder."]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("wrapper", [None, "state_dict", "model_state_dict", "model", "net"])
def test_weights_of_wrapped_networks_are_those_of_the_network_and_the_log_says_so(
    prefix: str, wrapper: str | None, tmp_path: Path
) -> None:
    state = {prefix + name: value for name, value in own_state().items()}
    path = tmp_path / "weights.pt"
    torch.save(state if wrapper is None else {"epoch": 3, wrapper: state}, path)
    with logged_lines() as lines:
        found = fit_names(read_weights_file(path), list(own_state()), "weights.pt")
    assert_same(found, own_state())
    assert len(lines) == bool(prefix) + (wrapper is not None)
    assert not prefix or repr(prefix) in lines[-1]
    assert wrapper is None or repr(wrapper) in lines[0]
    load_network_state(build_embedding_network("small_residual", 8), found, "weights.pt")


def test_counters_of_batch_norms_may_be_missing_and_nothing_else() -> None:
    network = build_embedding_network("small_residual", 8)
    old = {f"module.{name}": value for name, value in own_state().items() if "num_batches" not in name}
    load_network_state(network, fit_names(old, list(own_state()), "old.pt"), "old.pt")
    del old[f"module.{HEAD_WEIGHT}"]
    with pytest.raises(BadModel) as refused:
        load_network_state(network, fit_names(old, list(own_state()), "old.pt"), "old.pt")
    assert "missing" in refused.value.found


def test_names_that_only_some_share_or_that_fit_no_network_are_told_as_they_are() -> None:
    mixed = {(f"module.{name}" if name == HEAD_WEIGHT else name): value for name, value in own_state().items()}
    extra = {f"model.{name}": value for name, value in own_state().items()} | {"loss.weight": torch.zeros(1)}
    for state, named in ((mixed, f"module.{HEAD_WEIGHT}"), (extra, "loss.weight")):
        assert fit_names(state, list(own_state()), "x.pt") == state
        with pytest.raises(BadModel) as refused:
            load_network_state(build_embedding_network("small_residual", 8), state, "x.pt")
        assert named in refused.value.found
