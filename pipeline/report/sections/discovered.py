"""The section on discovered attributes: patches of each group, its name, and the label that it agrees with most."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from pipeline.discovery.groups import DiscoveredGroup
from pipeline.report.evidence import ReportEvidence
from pipeline.report.figures import Palette, Picture, literal_text, new_figure, picture
from pipeline.report.number_text import MISSING, count_text, number_text
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, Row, Table

_PATCH_PX: Final = 48
_GAP_PX: Final = 4
_NAME_CHARACTERS: Final = 28
_ROW_IN: Final = 0.42
_WIDTH_IN: Final = 6.4
_NAME_IN: Final = 2.2


def discovered_section(evidence: ReportEvidence) -> Section:
    """Return what the discovered attributes look like; empty where none were discovered."""
    groups = evidence.discovered
    has_patches = any(group.patches for group in groups)
    return Section(
        "discovered",
        "Attributes without labels",
        (
            "Attributes that were found from what the model matches, not from labels: groups of alike regions of "
            "images that match, each with what is most typical of it. A name is given by hand (sane attributes name); "
            "the closest label of the dataset, where it has any, is the one with the highest F1 over all images, among "
            "those with which an attribute of every image would agree less.",
        ),
        tables=(_table(groups),) if groups else (),
        figures=(_patches(groups),) if has_patches else (),
    )


def _table(groups: Sequence[DiscoveredGroup]) -> Table:
    rows = [
        Row(
            (
                Cell(group.attribute),
                Cell(group.name) if group.name else Cell(MISSING, tone="muted"),
                Cell(count_text(group.images)),
                Cell(group.closest_label) if group.closest_label else Cell(MISSING, tone="muted"),
                Cell(number_text(group.f1, decimals=2)) if group.f1 is not None else Cell(MISSING, tone="muted"),
            )
        )
        for group in groups
    ]
    columns = (
        Column("attribute", is_text=True),
        Column("name", "by hand", is_text=True),
        Column("images"),
        Column("closest label", is_text=True),
        Column("F1", "with it"),
    )
    return Table("Discovered attributes", columns, tuple(rows))


def _patches(groups: Sequence[DiscoveredGroup]) -> Picture:
    def draw(palette: Palette) -> Figure:
        figure, (panel,) = new_figure(palette, _WIDTH_IN, _ROW_IN * len(groups), 1)
        panel.set_axis_off()
        sheet = contact_sheet(groups, palette.ground, palette.grid)
        panel.imshow(sheet, extent=(0, sheet.shape[1], len(groups), 0), aspect="auto", interpolation="nearest")
        panel.set_xlim(-sheet.shape[1] * _NAME_IN / (_WIDTH_IN - _NAME_IN), sheet.shape[1])
        for row, group in enumerate(groups):
            shown = group.shown_name
            shown = shown if len(shown) <= _NAME_CHARACTERS else shown[: _NAME_CHARACTERS - 1] + "…"
            panel.text(
                -2 * _GAP_PX, row + 0.5, literal_text(shown), ha="right", va="center", fontsize=9, color=palette.ink
            )
        return figure

    return picture(draw, "patches of each discovered attribute: " + ", ".join(group.shown_name for group in groups))


def contact_sheet(groups: Sequence[DiscoveredGroup], ground: str, frame: str) -> np.ndarray:
    """Return uint8 (y, x, 3): a row of framed patches for each group; colours are "#rrggbb"."""
    most = max(len(group.patches) for group in groups)
    step = _PATCH_PX + _GAP_PX
    sheet = np.full((len(groups) * step, most * step, 3), _rgb(ground), dtype=np.uint8)
    for row, group in enumerate(groups):
        for column, patch_hwc in enumerate(group.patches):
            small = Image.fromarray(patch_hwc).resize((_PATCH_PX, _PATCH_PX), Image.Resampling.BILINEAR)
            top, left = row * step + _GAP_PX // 2, column * step + _GAP_PX // 2
            # A white patch on a white ground would not be seen.
            sheet[top - 1 : top + _PATCH_PX + 1, left - 1 : left + _PATCH_PX + 1] = _rgb(frame)
            sheet[top : top + _PATCH_PX, left : left + _PATCH_PX] = np.asarray(small)
    return sheet


def _rgb(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
