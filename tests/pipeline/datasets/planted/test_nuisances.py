import numpy as np

from pipeline.datasets.planted.nuisances import MAX_SCALE, MIN_SCALE, NOISE_DEVIATION, draw_nuisances
from pipeline.datasets.planted.spec import PlantedSpec

CELL = 0.25
SPEC = PlantedSpec(image_size_px=32)


def test_positions_range_over_more_than_a_cell() -> None:
    drawn = [draw_nuisances(SPEC, f"test_{number:05d}") for number in range(400)]
    for shifts in (np.array([each.shift_x for each in drawn]), np.array([each.shift_y for each in drawn])):
        assert np.ptp(shifts) > CELL
        assert abs(shifts.mean()) < 0.02
    scales = np.array([each.scale for each in drawn])
    assert MIN_SCALE <= scales.min() < scales.max() <= MAX_SCALE


def test_nuisances_are_drawn_separately_from_each_other() -> None:
    drawn = [draw_nuisances(SPEC, f"test_{number:05d}") for number in range(400)]
    table = np.array(
        [[each.shift_x, each.shift_y, each.scale, each.light_chw.mean(), each.noise_chw[0, 0, 0]] for each in drawn]
    )
    correlations = np.corrcoef(table, rowvar=False) - np.eye(table.shape[1])
    assert abs(correlations).max() < 0.2


def test_noise_and_light_have_the_stated_shapes_and_sizes() -> None:
    nuisances = draw_nuisances(SPEC, "train_00007")
    for values in (nuisances.light_chw, nuisances.noise_chw):
        assert values.shape == (3, 32, 32)
        assert values.dtype == np.float32
    assert abs(nuisances.noise_chw.std() / NOISE_DEVIATION - 1) < 0.1
    assert 0.7 < nuisances.light_chw.min() < nuisances.light_chw.max() < 1.2


def test_the_image_size_changes_neither_place_nor_light() -> None:
    small, large = (
        draw_nuisances(SPEC, "train_00007"),
        draw_nuisances(PlantedSpec(image_size_px=64), "train_00007"),
    )
    assert (small.shift_x, small.shift_y, small.scale) == (large.shift_x, large.shift_y, large.scale)
    pooled = large.light_chw.reshape(3, 32, 2, 32, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(small.light_chw, pooled, rtol=1e-5)
