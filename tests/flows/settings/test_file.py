"""Configuration files: paths, overrides, and errors that name the key and the remedy."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.settings.file import load_settings, run_seeds, with_seed
from pipeline.errors import BadSetting
from stores.location import Location
from tests.flows.planted_config import write_config

AWA2 = """
[dataset]
kind = "awa2"
root = "../photographs"
[store]
root = "results"
[similarity_model]
weights = "models/best.safetensors"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "configs" / "file.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_file_not_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, AWA2)
    monkeypatch.chdir(tmp_path)
    settings = load_settings(path.relative_to(tmp_path))
    assert settings.dataset.root == tmp_path / "configs" / "../photographs"
    assert settings.store.root == str(tmp_path / "configs" / "results")
    assert settings.similarity_model.weights == tmp_path / "configs" / "models/best.safetensors"


def test_absolute_paths_and_urls_stay(tmp_path: Path) -> None:
    path = written(tmp_path, AWA2)
    overrides = ["store.root=s3://bucket/results", "dataset.root=/photographs"]
    settings = load_settings(path, overrides)
    assert settings.store.root == "s3://bucket/results"
    assert settings.dataset.root == Path("/photographs")


def test_overrides_are_toml_and_bare_words_are_text(tmp_path: Path) -> None:
    overrides = [
        "saliency.rise.masks=7",
        "evaluation.seeds=[3, 4, 3]",
        "compute.device=cuda:1",
        "similarity_model.flips=false",
    ]
    settings = load_settings(write_config(tmp_path), overrides)
    assert settings.saliency.rise.masks == 7
    assert settings.compute.device == "cuda:1"
    assert settings.similarity_model.flips is False
    assert run_seeds(settings) == [3, 4]
    assert run_seeds(with_seed(load_settings(write_config(tmp_path)), 9)) == [9]


@pytest.mark.parametrize(
    ("override", "found", "remedy"),
    [
        ("saliency.rise.maks=3", "saliency.rise.maks = 3", "did you mean saliency.rise.masks?"),
        ("saliency.rize.masks=3", "saliency.rize = {'masks': 3}", "did you mean saliency.rise?"),
        ("masks=3", "masks = 3", "did you mean saliency.rise.masks?"),
        ("dataset.imagesize_px=3", "dataset.imagesize_px = 3", "did you mean dataset.image_size_px?"),
        ("qqqqqq=3", "qqqqqq = 3", "docs/configuration.md lists all keys"),
    ],
)
def test_an_unknown_key_is_refused_with_the_closest_known_one(
    tmp_path: Path, override: str, found: str, remedy: str
) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings(write_config(tmp_path), [override])
    assert refused.value.found == found
    assert refused.value.remedy == remedy


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("saliency.rise.masks=0", "saliency.rise.masks"),
        ("saliency.rise.masks=many", "saliency.rise.masks"),
        ("saliency.rise.keep_probability=1", "saliency.rise.keep_probability"),
        ("dataset.kind=awa3", "dataset.kind"),
        ("dataset.kind=awa2", "dataset.root"),
        ("dataset.max_unreadable_share=2", "dataset.max_unreadable_share"),
        ("saliency.generators=['random']", "saliency.generators"),
        ("explanation.weight_grid_step=0", "explanation.weight_grid_step"),
        ("evaluation.bootstrap_samples=99", "evaluation.bootstrap_samples"),
        ("compute.runner=spark", "compute.runner"),
        ("saliency=3", "saliency"),
        ("seed=one", "seed"),
    ],
)
def test_a_bad_value_is_refused_with_its_key(tmp_path: Path, override: str, key: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings(write_config(tmp_path), [override])
    assert key in str(refused.value)
    assert refused.value.where.endswith("planted.toml")


@pytest.mark.parametrize("override", ["masks", "=3", "seed.deeper=3"])
def test_an_override_that_is_none_is_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings(write_config(tmp_path), [override])
    assert refused.value.where.startswith("--set")


@given(st.text(max_size=40))
def test_no_override_ends_in_anything_but_settings_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = write_config(tmp_path_factory.getbasetemp())
    try:
        load_settings(path, [text])
    except BadSetting:
        return


@pytest.mark.parametrize("content", [b"seed = ", b"seed = 1\nseed = 2\n", b"\xff\xfe", b"[dataset\n"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(BadSetting) as refused:
        load_settings(path)
    assert refused.value.where == str(path)
    assert refused.value.expected == "a readable TOML file"


def test_an_empty_file_lacks_a_dataset(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    with pytest.raises(BadSetting) as refused:
        load_settings(path)
    assert refused.value.found == "no dataset"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BadSetting) as refused:
            load_settings(path)
        assert refused.value.where == str(path)


def test_a_limit_on_requests_becomes_part_of_an_object_stores_address_and_of_no_folder(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    local = load_settings(config, ["store.request_timeout_seconds=30"])
    assert local.store.root == load_settings(config).store.root
    assert load_settings(config, ["store.root=s3://bucket/run"]).store.root == "s3://bucket/run"
    limited = load_settings(config, ["store.root=s3://bucket/run", "store.request_timeout_seconds=30"])
    assert Location.parse(limited.store.root).request_timeout_s == 30.0
    assert Location.parse(limited.store.root).url == "s3://bucket/run"
