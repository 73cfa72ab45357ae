"""Which files are a factory's code, found without running any of it."""

import sys
from pathlib import Path

import pytest

from flows.user_model.sources import factory_sources
from pipeline.errors import BadModel
from stores.errors import StoreError


def write(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


PACKAGE = {
    "mine/__init__.py": "",
    "mine/model.py": "from . import layers\nfrom .parts.colours import bins\nimport numpy\ndef build(): pass\n",
    "mine/layers.py": "import helper\n",
    "mine/parts/__init__.py": "",
    "mine/parts/colours.py": "from mine.parts import shared\nbins = 3\n",
    "mine/parts/shared.py": "",
    "mine/unused.py": "",
    "helper.py": "import os\n",
    "other.py": "",
}


def test_modules_that_are_imported_from_the_same_folder_count(tmp_path: Path) -> None:
    found = factory_sources("mine.model:build", write(tmp_path, PACKAGE))
    assert set(found.files) == {
        "mine",
        "mine.model",
        "mine.layers",
        "mine.parts",
        "mine.parts.colours",
        "mine.parts.shared",
        "helper",
    }
    assert found.is_local
    assert found.files["mine.parts"] == tmp_path / "mine" / "parts" / "__init__.py"


def test_nothing_is_run(tmp_path: Path) -> None:
    folder = write(tmp_path, {"dangerous.py": "raise SystemExit\ndef build(): pass\n"})
    assert list(factory_sources("dangerous:build", folder).files) == ["dangerous"]
    assert "dangerous" not in sys.modules


@pytest.mark.parametrize(("changed", "differs"), [("mine/parts/shared.py", True), ("mine/unused.py", False)])
def test_digests_follow_the_code_that_counts(tmp_path: Path, changed: str, differs: bool) -> None:
    before = factory_sources("mine.model:build", write(tmp_path, PACKAGE)).digests
    after = factory_sources("mine.model:build", write(tmp_path, {changed: "value = 1\n"})).digests
    assert (dict(before) != dict(after)) == differs


def test_digests_know_no_comments_and_no_place(tmp_path: Path) -> None:
    first = write(tmp_path / "one", {"model.py": "def build(): return 1\n"})
    second = write(tmp_path / "two", {"model.py": '"""Says more."""\n# really\ndef build():\n    return 1\n'})
    assert factory_sources("model:build", first).digests == factory_sources("model:build", second).digests


def test_an_installed_package_counts_below_the_modules_own_folder() -> None:
    found = factory_sources("torchvision.models.segmentation:fcn_resnet50", "/nowhere")
    assert not found.is_local
    assert "torchvision.models.segmentation.fcn" in found.files
    assert "torchvision.models.resnet" not in found.files


def test_the_programs_own_packages_do_not_count_again(tmp_path: Path) -> None:
    source = "from pipeline.images import normalise_pixels\ndef build(): return normalise_pixels\n"
    assert list(factory_sources("model:build", write(tmp_path, {"model.py": source})).files) == ["model"]


@pytest.mark.parametrize("name", ["nowhere.to.be.found:build", "json.nothing:build", "_socket:socket"])
def test_a_module_without_source_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadModel) as refused:
        factory_sources(name, str(tmp_path))
    assert str(tmp_path) in refused.value.found
    assert "factory_path" in refused.value.remedy


def test_the_name_of_a_file_is_told_from_that_of_a_module(tmp_path: Path) -> None:
    folder = write(tmp_path, {"model.py": "def build(): pass\n"})
    with pytest.raises(BadModel) as refused:
        factory_sources("model.py:build", folder)
    assert refused.value.remedy == 'leave out the suffix .py: factory = "model:build"'


def test_a_name_that_the_module_does_not_bind_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, {"model.py": "from os import path as place\nclass Model: pass\nlimit: int = 3\n"})
    with pytest.raises(BadModel) as refused:
        factory_sources("model:build", folder)
    assert refused.value.found == "only Model"
    assert refused.value.remedy == "correct the name after the colon"
    with pytest.raises(BadModel) as refused:
        factory_sources("model:Modell", folder)
    assert refused.value.remedy == "did you mean model:Model?"
    for bound in ("Model", "place", "limit"):
        factory_sources(f"model:{bound}", folder)


@pytest.mark.parametrize("source", ["from elsewhere import *\n", "import os\nif os.name:\n    build = print\n"])
def test_a_name_that_reading_cannot_rule_out_passes(tmp_path: Path, source: str) -> None:
    factory_sources("model:build", write(tmp_path, {"model.py": source}))


def test_source_that_does_not_parse_is_refused_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        factory_sources("model:build", write(tmp_path, {"model.py": "def build(:\n"}))
    assert str(tmp_path / "model.py") in str(refused.value)


@pytest.mark.parametrize("package", ["pipeline", "flows", "stores"])
def test_a_package_by_the_name_of_one_of_ours_is_refused_by_name(tmp_path: Path, package: str) -> None:
    encoder = {f"{package}/__init__.py": "", f"{package}/encoder.py": "def build(): pass\n"}
    helpers = {"model.py": f"from {package} import encoder\nbuild = encoder.build\n"}
    folder = write(tmp_path, encoder | helpers)
    for factory in (f"{package}.encoder:build", "model:build"):
        with pytest.raises(BadModel) as refused:
            factory_sources(factory, folder)
        assert repr(package) in refused.value.found
        assert f"rename {package}" in refused.value.remedy
    # The way out that the message names.
    below = {f"mine/{name}": text for name, text in encoder.items()}
    within = {"mine/__init__.py": "", "mine/model.py": f"from .{package} import encoder\nbuild = encoder.build\n"}
    found = factory_sources("mine.model:build", write(tmp_path, below | within))
    assert f"mine.{package}.encoder" in found.files


def test_a_module_by_the_name_of_one_of_ours_that_nothing_imports_is_left(tmp_path: Path) -> None:
    files = {"pipeline.py": "", "model.py": "from pipeline.images import normalise_pixels\ndef build(): pass\n"}
    assert list(factory_sources("model:build", write(tmp_path, files)).files) == ["model"]


def test_code_beside_this_program_may_import_it() -> None:
    root = Path(__file__).resolve().parents[3]
    assert "tests.exported_program" in factory_sources("tests.exported_program:small_network", str(root)).files
