"""Programs saved by torch.export: loaded, run, and refused unrun where they hold pickled objects."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.checks import check_similarity_model
from pipeline.similarity.user_model.model import Preprocessing, UserModel
from pipeline.similarity.user_model.program_file import FORCE_WEIGHTS_ONLY, load_program
from tests.exported_program import SIDE_PX, exported, small_network


def repacked(data: bytes, replace: dict[str, bytes]) -> bytes:
    """Return the archive with the entries of these endings replaced, or added where there are none."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(written, "w") as copy:
        names = archive.namelist()
        for name in names:
            ending = next((ending for ending in replace if name.endswith(ending)), None)
            copy.writestr(name, replace[ending] if ending else archive.read(name))
        top = names[0].partition("/")[0]
        for ending, content in replace.items():
            if not any(name.endswith(ending) for name in names):
                copy.writestr(f"{top}/{ending}", content)
    return written.getvalue()


def pixels(n_images: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n_images, 24, 24, 3), dtype=np.uint8)


def test_a_program_embeds_like_the_network_it_was_exported_from() -> None:
    program = load_program(exported(), "cpu", "here")
    expected = SimilarityScorer(UserModel(small_network(), Preprocessing(SIDE_PX)))
    for n_images in (1, 2, 5):
        found = SimilarityScorer(UserModel(program, Preprocessing(SIDE_PX))).embed(pixels(n_images))
        np.testing.assert_allclose(found, expected.embed(pixels(n_images)), atol=1e-6)


@pytest.mark.parametrize(
    ("exported_for", "words"),
    [
        ((0, None), None),
        (1, "exactly 1"),
        (3, "exactly 3"),
        ((0, 4), "at most 4"),
        ((4, None), "at least 4"),
        ((3, 4), "at least 3 and at most 4"),
    ],
)
def test_a_program_embeds_any_number_of_images_whatever_it_was_exported_for(
    exported_for: int | tuple[int, int | None], words: str | None
) -> None:
    program = load_program(exported(exported_for), "cpu", "here")
    assert program.limits.describe() == words
    expected = SimilarityScorer(UserModel(small_network(), Preprocessing(SIDE_PX)))
    for n_images in (1, 2, 3, 4, 5, 9):
        found = SimilarityScorer(UserModel(program, Preprocessing(SIDE_PX))).embed(pixels(n_images))
        np.testing.assert_allclose(found, expected.embed(pixels(n_images)), atol=1e-6)
    # The program itself does not take what it was not exported for.
    if words is not None:
        with pytest.raises(Exception, match=r"(?i)shape|size|guard"):
            program.program(torch.rand(9 if words != "at least 4" else 2, 3, SIDE_PX, SIDE_PX))


def test_images_that_fill_up_a_batch_see_nothing_of_the_others() -> None:
    """A program that mixes the images of a batch fails the check of it, filled up or not."""

    class Mixing(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            means = images.mean(dim=(2, 3))
            return means - means.mean(dim=0, keepdim=True) / 2

    written = io.BytesIO()
    torch.export.save(torch.export.export(Mixing(), (torch.rand(3, 3, SIDE_PX, SIDE_PX),)), written)
    model = UserModel(load_program(written.getvalue(), "cpu", "here"), Preprocessing(SIDE_PX))
    with pytest.raises(BadModel, match="in a batch"):
        check_similarity_model(SimilarityScorer(model), pixels(8), (0, 0, 0))


def test_a_program_for_another_size_of_images_is_refused_with_the_way_out() -> None:
    program = load_program(exported(), "cpu", "here")
    with pytest.raises(BadModel) as refused:
        SimilarityScorer(UserModel(program, Preprocessing(24))).embed(pixels(3))
    assert "input_size_px" in refused.value.remedy


def test_a_program_whose_output_is_no_vector_per_image_is_refused_by_its_shape() -> None:
    class Summing(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.sum()

    written = io.BytesIO()
    torch.export.save(torch.export.export(Summing(), (torch.rand(3, 3, SIDE_PX, SIDE_PX),)), written)
    model = UserModel(load_program(written.getvalue(), "cpu", "here"), Preprocessing(SIDE_PX))
    with pytest.raises(BadModel, match=r"shape \(\)"):
        SimilarityScorer(model).embed(pixels(2))


class Hostile:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


def test_pickled_objects_are_refused_unrun(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    pickled = io.BytesIO()
    torch.save(Hostile(trace), pickled)
    with pytest.raises(BadModel) as refused:
        load_program(repacked(exported(), {"data/sample_inputs/model.pt": pickled.getvalue()}), "cpu", "here")
    assert "UnpicklingError" in refused.value.found
    # Torch's advice to switch the protection off is left out.
    assert "False" not in str(refused.value)
    assert not trace.exists()


@pytest.mark.parametrize("entry", ["data/constants/custom_obj_0", "data/constants/OPAQUE_OBJ_/../x"])
def test_an_archive_with_objects_among_its_constants_is_not_even_opened(entry: str) -> None:
    with pytest.raises(BadModel) as refused:
        load_program(repacked(exported(), {entry: b"anything"}), "cpu", "here")
    assert refused.value.found.startswith("pickled objects")


@pytest.mark.parametrize("data", [b"", b"\x00" * 200, exported()[:400]])
def test_what_is_no_program_is_refused(data: bytes) -> None:
    with pytest.raises(BadModel) as refused:
        load_program(data, "cpu", "some/place.pt2")
    assert refused.value.where == "some/place.pt2"


@pytest.mark.parametrize("saved", [nn.Linear(2, 2).state_dict(), nn.Linear(2, 2), {"state_dict": {}}])
def test_weights_are_no_program_and_a_factory_takes_them(saved: object, capfd: pytest.CaptureFixture[str]) -> None:
    data = io.BytesIO()
    torch.save(saved, data)
    with pytest.raises(BadModel) as refused:
        load_program(data.getvalue(), "cpu", "here")
    assert "looks like weights" in refused.value.found
    assert "factory_files" in refused.value.remedy
    assert capfd.readouterr().err == ""


def test_a_torchscript_program_is_told_as_one() -> None:
    names = ["net/data.pkl", "net/code/__torch__.py", "net/constants.pkl"]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    with pytest.raises(BadModel) as refused:
        load_program(data.getvalue(), "cpu", "here")
    assert "torch.jit.save" in refused.value.found


def test_a_damaged_program_is_refused_without_torchs_own_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadModel):
        load_program(repacked(exported(), {"archive_format": b"other"}), "cpu", "here")
    assert capfd.readouterr().err == ""


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FORCE_WEIGHTS_ONLY, raising=False)
    load_program(exported(), "cpu", "here")
    assert FORCE_WEIGHTS_ONLY not in os.environ
    monkeypatch.setenv(FORCE_WEIGHTS_ONLY, "0")
    with pytest.raises(BadModel):
        load_program(b"", "cpu", "here")
    load_program(exported(), "cpu", "here")
    assert os.environ[FORCE_WEIGHTS_ONLY] == "0"
