"""Figures come in two palettes, and nothing of them has the colours of the other."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.report.faithfulness_figures import faithfulness_figures
from pipeline.report.figures import DARK, LIGHT, new_figure, picture, title
from pipeline.report.sections.training import attribute_training_figure, similarity_training_figure
from pipeline.report.sections.weights import weight_grid_figure
from tests.pipeline.report.report_cases import make_curves, make_epoch, make_evidence, make_grid


def pixels_of(uri):
    """The picture behind a data URI, (y, x, rgb)."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"))


def rgb(colour):
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def dark_share(uri):
    """How much of a picture is near black."""
    return float((pixels_of(uri).max(axis=2) < 48).mean())


def all_figures():
    rng = np.random.default_rng(5)
    few = [make_curves(name, rng) for name in ("rise", "centre")]
    names = ("rise", "lime", "mask", "grad_cam", "sliding_window", "random", "centre")
    history = make_evidence(n_pairs=0).similarity_history
    return [
        *faithfulness_figures(few),
        *faithfulness_figures([make_curves(name, rng) for name in names]),
        weight_grid_figure(make_grid()),
        similarity_training_figure(history),
        attribute_training_figure({"sane": [make_epoch(e, heatmap=1 / e) for e in range(1, 9)]}),
    ]


def check_palettes(figures):
    """Each stands on its page's ground, and no words are left in the ink of the other page."""
    for figure in figures:
        light, dark = pixels_of(figure.uri), pixels_of(figure.dark_uri)
        assert light.shape == dark.shape
        for shown, palette in ((light, LIGHT), (dark, DARK)):
            assert (shown[0, 0] == rgb(palette.ground)).all()
            assert (shown == rgb(palette.ink)).all(axis=2).any()
        # Words are drawn in full ink somewhere; black would be matplotlib's own.
        assert not (light == 0).all(axis=2).any()
        assert not (dark < 16).all(axis=2).any()


def test_every_figure_has_a_light_and_a_dark_twin():
    figures = all_figures()
    assert len(figures) == 6
    check_palettes(figures)
    assert all(dark_share(figure.dark_uri) > 0.5 > dark_share(figure.uri) for figure in figures)


def test_words_in_a_colour_of_their_own_are_noticed():
    def drawn(palette):
        figure, (panel,) = new_figure(palette, 4, 2, 1)
        title(panel, "a title", palette)
        panel.text(0.2, 0.5, "WORDS", fontsize=30, fontweight="bold")
        return figure

    with pytest.raises(AssertionError):
        check_palettes([picture(drawn, "words in black")])


def test_equal_drawings_give_equal_bytes():
    first, second = (weight_grid_figure(make_grid()) for _ in range(2))
    assert first == second
