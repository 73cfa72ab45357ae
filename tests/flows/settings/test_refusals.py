"""What is said of a value that is refused: the key as it was written, who wrote it, and what would be right."""

from pathlib import Path

import pytest

from flows.settings.file import load_settings
from pipeline.errors import BadSetting
from tests.flows.planted_config import write_config

OWN_MODEL = """
[dataset]
kind = "planted"
[similarity_model]
kind = "user"
factory = "my_model:build"
factory_arguments = { value = %s }
"""


def refused(path: Path, *overrides: str) -> BadSetting:
    with pytest.raises(BadSetting) as error:
        load_settings(path, overrides)
    return error.value


def with_argument(folder: Path, value: str) -> Path:
    path = folder / "own.toml"
    path.write_text(OWN_MODEL % value)
    return path


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("inf", "inf"),
        ("nan", "nan"),
        ("1e400", "inf"),
        ("2024-05-01", "2024-05-01"),
        ("07:32:00", "07:32:00"),
        ("{ layers = [1, nan] }", "{'layers': [1, nan]}"),
        ("[[2024-05-01]]", "[[2024-05-01]]"),
        ("[1, 2024-05-01]", "[1, 2024-05-01]"),
        ("[inf]", "[inf]"),
    ],
)
def test_an_argument_that_no_factory_can_get_is_named_as_written(tmp_path: Path, written: str, shown: str) -> None:
    error = refused(with_argument(tmp_path, written))
    assert error.found == f"similarity_model.factory_arguments.value = {shown}"
    assert error.expected.startswith("finite numbers, text, true or false, or lists and tables of these")
    assert error.where == str(tmp_path / "own.toml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-0.0", -0.0),
        ("9223372036854775807", 2**63 - 1),
        ("[]", []),
        ('[1, "a", true]', [1, "a", True]),
        ("[[1]]", [[1]]),
    ],
)
def test_other_arguments_arrive_as_they_are(tmp_path: Path, written: str, value: object) -> None:
    got = load_settings(with_argument(tmp_path, written)).similarity_model.factory_arguments["value"]
    assert repr(got) == repr(value)


@pytest.mark.parametrize(
    ("override", "found", "expected"),
    [
        ("saliency.rise.masks=-1", "saliency.rise.masks = -1", "at least 1"),
        ("saliency.rise.keep=3", "saliency.rise.keep = 3", "true or false"),
        ("similarity_model.learning_rate=inf", "similarity_model.learning_rate = inf", "a finite number"),
        ("saliency.rise.keep_probability=nan", "saliency.rise.keep_probability = nan", "a finite number"),
        ("evaluation.seeds=[1, 2.5]", "evaluation.seeds[1] = 2.5", "a whole number"),
        ("compute.batch_size=soon", "compute.batch_size = 'soon'", "a whole number or 'auto'"),
        ("saliency.rise.maks=5", "saliency.rise.maks = 5", "a known key"),
        ("dataset.kind=awa2", "dataset.kind = 'awa2', no dataset.root", "dataset.root is required"),
    ],
)
def test_a_value_of_the_command_line_is_blamed_on_it(tmp_path: Path, override: str, found: str, expected: str) -> None:
    path = write_config(tmp_path)
    error = refused(path, "seed=3", override, "pairs.test=4")
    assert (error.found, error.where) == (found, f"--set {override}, over {path}")
    assert error.expected.startswith(expected)


def test_a_value_of_the_file_is_blamed_on_the_file(tmp_path: Path) -> None:
    path = write_config(tmp_path, image_size_px="3")
    assert refused(path, "seed=3", "saliency.rise.masks=5").where == str(path)


def test_of_two_overrides_of_a_key_the_last_is_blamed(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    assert refused(path, "saliency.rise.masks=5", "saliency.rise.masks=0").where.startswith(
        "--set saliency.rise.masks=0"
    )


def test_text_that_looks_like_a_number_is_to_be_quoted(tmp_path: Path) -> None:
    error = refused(write_config(tmp_path), "similarity_model.pretrained=2")
    assert error.remedy == "write --set 'similarity_model.pretrained=\"2\"'"
    quoted = ["similarity_model.kind=user", "similarity_model.factory=m:build", 'similarity_model.version="2"']
    path = tmp_path / "own.toml"
    path.write_text('[dataset]\nkind = "planted"\n')
    assert load_settings(path, quoted).similarity_model.version == "2"


@pytest.mark.parametrize("override", ['dataset.root="C:\\Users"', "evaluation.seeds=[1", "pairs.file='a"])
def test_a_value_that_begins_like_toml_and_is_none_is_refused(tmp_path: Path, override: str) -> None:
    error = refused(write_config(tmp_path), override)
    assert error.where == f"--set {override}"
    assert ("single quotes" in error.remedy) == ("\\" in override)


def test_keys_that_contradict_each_other_are_shown_without_the_rest_of_the_file(tmp_path: Path) -> None:
    error = refused(
        with_argument(tmp_path, "3"), "saliency.generators=['rise', 'grad_cam']", "similarity_model.array_type=numpy"
    )
    assert error.found == "saliency.generators = ['rise', 'grad_cam']"
