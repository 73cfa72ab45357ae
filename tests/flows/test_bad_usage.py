"""Mistakes on the command line and in the configuration: exit code 2 and one block that names the key."""

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.flows.run_cases import FinishedRun, invoke, refusal

COMMANDS = ("run", "status", "plan", "report")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_misspelt_key_is_refused_with_the_right_one(finished_run: FinishedRun, command: str) -> None:
    message = refusal(invoke(command, finished_run.config, "--set", "saliency.rise.maks=500"), 2)
    assert "found: saliency.rise.maks = 500" in message
    assert "remedy: did you mean saliency.rise.masks?" in message
    assert str(finished_run.config) in message


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_value_is_refused_with_its_key(finished_run: FinishedRun, command: str) -> None:
    message = refusal(invoke(command, finished_run.config, "--set", "saliency.rise.masks=-1"), 2)
    assert "found: saliency.rise.masks = -1" in message
    assert "remedy: correct saliency.rise.masks" in message


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_configuration_is_refused(tmp_path: Path, command: str) -> None:
    message = refusal(invoke(command, tmp_path / "none.toml"), 2)
    assert str(tmp_path / "none.toml") in message
    assert "configs/planted.toml" in message


def test_malformed_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("seed = 0\n[dataset\n")
    message = refusal(invoke("run", path), 2)
    assert "line 2" in message
    assert str(path) in message


@pytest.mark.parametrize("option", ["--until", "--force"])
def test_an_unknown_stage_is_refused_with_those_there_are(finished_run: FinishedRun, option: str) -> None:
    message = refusal(invoke("run", finished_run.config, option, "saliency_maps"), 2)
    assert "saliency_maps.test.rise.fixed" in message
    assert f"where: {option}" in message


@pytest.mark.parametrize("command", ["status", "plan"])
def test_an_unknown_format_is_refused(finished_run: FinishedRun, command: str) -> None:
    message = refusal(invoke(command, finished_run.config, "--format", "yaml"), 2)
    assert "expected: text or json" in message


def test_a_device_that_is_not_there_is_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    options = ("--device", "cuda", "--set", f"store.root={tmp_path}")
    message = refusal(invoke("run", finished_run.config, "--until", "images", *options), 2)
    assert "compute.device = 'cuda'" in message


def test_a_variant_without_its_attribute_model_is_refused(finished_run: FinishedRun) -> None:
    message = refusal(invoke("status", finished_run.config, "--set", "attribute_model.names=['sane']"), 2)
    assert "expected: 'classifier' among attribute_model.names, which 'predicted_in_both' of explanation" in message
    assert "found: attribute_model.names = ['sane'], no explanation.variants" in message
    fewer = ("--set", "explanation.variants=['sane', 'random']")
    assert invoke("status", finished_run.config, "--set", "attribute_model.names=['sane']", *fewer).exit_code == 0


def test_a_report_before_the_run_is_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    message = refusal(invoke("report", finished_run.config, "--set", f"store.root={tmp_path}"), 1)
    assert "run it first: sane run CONFIG" in message


def test_a_store_that_cannot_be_written_is_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    # A file where the store's folder should be: also root cannot write there.
    (tmp_path / "store").write_text("")
    options = ("--until", "vocabulary", "--set", f"store.root={tmp_path / 'store'}")
    assert str(tmp_path / "store") in refusal(invoke("run", finished_run.config, *options), 1)


def test_tracebacks_are_shown_on_demand(tmp_path: Path) -> None:
    result = invoke("status", tmp_path / "none.toml", "--debug")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert "found: no such file" in result.stderr.rpartition("\nerror\n")[2]


def test_wrong_options_are_usage_errors(finished_run: FinishedRun) -> None:
    assert invoke("status").exit_code == 2
    assert invoke("status", finished_run.config, "--no-such-option").exit_code == 2
    assert invoke("no-such-command").exit_code == 2


def test_the_version_is_one_line_and_that_of_the_package() -> None:
    result = invoke("--version")
    assert (result.exit_code, result.stdout) == (0, f"sane {version('sane-explanations')}\n")
