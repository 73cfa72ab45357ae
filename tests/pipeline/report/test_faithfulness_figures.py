"""Few curves share a panel; many get a panel per generator beside the controls."""

import numpy as np

from pipeline.report import faithfulness_figures as module
from pipeline.report.faithfulness_figures import MOST_LINES, faithfulness_figures
from tests.pipeline.report.report_cases import make_curves

MODES = {
    "sliding_window": ("fixed", "both"),
    "rise": ("fixed", "both"),
    "lime": ("fixed",),
    "mask": ("fixed", "both"),
    "similarity_attention": ("siamese", "triplet", "quadruplet"),
    "grad_cam": ("fixed",),
    "random": ("fixed",),
    "centre": ("fixed",),
}


def curves_of(*generators):
    rng = np.random.default_rng(3)
    return [make_curves(name, rng, mode) for name in generators for mode in MODES[name]]


def test_few_curves_share_one_figure() -> None:
    (figure,) = faithfulness_figures(curves_of("rise", "mask", "centre"))
    assert figure.alt == "Mean insertion and deletion curves of RISE, RISE, both, Mask, Mask, both, centre blob"
    assert faithfulness_figures([]) == []


def test_many_curves_get_a_panel_per_generator(monkeypatch) -> None:
    drawn, limited = [], []
    draw, limit = module._draw, module._limit

    def recorded(panel, curves, is_insertion, name, *style):
        drawn.append((id(panel), curves.generator, curves.mode, is_insertion, name))
        draw(panel, curves, is_insertion, name, *style)

    monkeypatch.setattr(module, "_draw", recorded)
    monkeypatch.setattr(module, "_limit", lambda panel: (limited.append(panel), limit(panel)))
    curves = curves_of(*MODES)
    assert len(curves) > MOST_LINES
    insertion, deletion = faithfulness_figures(curves)
    assert insertion.alt.startswith("Mean insertion curves of sliding window, RISE, LIME, Mask")
    assert deletion.alt.endswith("beside the controls")
    # Each once for light and once for dark pages.
    for is_insertion in (True, False):
        panels = {}
        for panel, generator, mode, kind, _ in drawn:
            if kind is is_insertion:
                panels.setdefault(panel, []).append((generator, mode))
        controls = [("random", "fixed"), ("centre", "fixed")]
        expected = [controls + [(name, mode) for mode in modes] for name, modes in list(MODES.items())[:6]]
        assert list(panels.values()) == expected * 2
    assert len(limited) == 24
    assert max(len(insertion.uri), len(insertion.dark_uri)) < 400_000
