"""What the square of an image shows of it."""

import pytest

from pipeline.datasets.fitting import CoveredBox, covered_box, lost_by_cropping


@pytest.mark.parametrize(
    ("fit", "box"),
    [
        ("crop", CoveredBox(30, 0, 40, 40)),
        ("pad", CoveredBox(0, -30, 100, 100)),
        ("stretch", CoveredBox(0, 0, 100, 40)),
    ],
)
def test_the_square_shows_a_box_of_the_image(fit: str, box: CoveredBox) -> None:
    assert covered_box(fit, 100, 40) == box
    turned = covered_box(fit, 40, 100)
    assert (turned.left, turned.top, turned.width, turned.height) == (box.top, box.left, box.height, box.width)
    assert covered_box(fit, 40, 40) == CoveredBox(0, 0, 40, 40)


@pytest.mark.parametrize(("size", "lost"), [((100, 100), 0), ((100, 80), 0.2), ((80, 100), 0.2), ((1, 1000), 0.999)])
def test_cropping_loses_what_lies_beside_the_square(size: tuple[int, int], lost: float) -> None:
    assert lost_by_cropping(*size) == pytest.approx(lost)
