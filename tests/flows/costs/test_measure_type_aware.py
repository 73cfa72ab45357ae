"""The seconds of type-aware training come from the real training, whatever the number of images."""

from pathlib import Path

import pytest

from flows.costs import measure_type_aware
from flows.costs.measure_type_aware import measure_epoch
from flows.costs.stopwatch import Stopwatch
from flows.settings.configuration import Settings
from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels
from pipeline.similarity.type_aware.training import TypeAwareTrainingSpec, train_type_aware_model

SETTINGS = Settings.model_validate(
    {
        "dataset": {"kind": "polyvore_outfits", "root": Path("data"), "image_size_px": 32},
        "similarity_model": {"kind": "type_aware", "network": "small_residual", "embedding_dim": 8, "margin": 0.3},
    }
)


@pytest.mark.parametrize("n_images", [8, 13, 40])
def test_an_epoch_is_one_step_over_whole_outfits(monkeypatch: pytest.MonkeyPatch, n_images: int) -> None:
    seen: list[tuple[TypeAwareTrainingSpec, OutfitPixels]] = []

    def train(spec: TypeAwareTrainingSpec, train: OutfitPixels, *rest: object) -> object:
        seen.append((spec, train))
        return train_type_aware_model(spec, train, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(measure_type_aware, "train_type_aware_model", train)
    assert measure_epoch(SETTINGS, n_images, 8, 3, "cpu", Stopwatch(cpu_time=True)) > 0
    spec, images = seen[0]
    assert (spec.epochs, spec.embedding_dim, spec.weights.margin) == (3, 8, 0.3)
    assert len(images.pixels_nhwc) == n_images // 4 * 4 <= max(spec.batch_size, 8)
