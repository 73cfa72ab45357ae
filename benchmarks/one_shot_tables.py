"""Tables of benchmarks.one_shot_segmentation in the layout of SAM's Table 4, beside the paper's figures."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.one_shot_maps import CENTRE
from pipeline.evaluation.bootstrap import Interval, Resampling
from pipeline.evaluation.segmentation.iou import BINARY, MEAN, Scored, iou_difference, iou_interval

SETUPS = {"1-way 1-shot": (1, 1), "2-way 1-shot": (2, 1), "2-way 5-shot": (2, 5)}
# SAM, Table 4: method, whether it uses the supports' masks, per cent on PASCAL VOC. Its caption calls them binary IoU.
PAPER_1_WAY = (
    ("OSVOS", "yes", (24.9, 38.8, 36.5, 30.1, 32.6)),
    ("OSLSM", "yes", (33.6, 55.3, 40.9, 33.5, 40.8)),
    ("co-FCN", "yes", (36.7, 50.6, 44.9, 32.4, 41.1)),
    ("PAN-init", "yes", (30.8, 40.7, 38.3, 31.4, 35.3)),
    ("SAM", "no", (37.9, 50.3, 44.4, 33.8, 41.6)),
)
PAPER_2_WAY = (
    ("PL", "yes", (39.7, 40.3)),
    ("PL+SEG", "yes", (41.9, 42.6)),
    ("PL+SEG+PT", "yes", (42.7, 43.7)),
    ("SAM", "no", (56.9, 60.1)),
)


def cell(found: Interval, is_difference: bool = False) -> str:
    """Return a figure with its interval in per cent; a dash where there is none."""
    if not found.n:
        return "–"
    sign = "+" if is_difference else ""
    ends = "" if np.isnan(found.low) else f" [{100 * found.low:{sign}.1f}, {100 * found.high:{sign}.1f}]"
    return f"{100 * found.value:{sign}.1f}{ends}"


def print_setup(name: str, scored: Mapping[str, Scored], cluster: str, folds: Sequence[int]) -> None:
    """Print both measures of a setup, a line for each row, beside the paper's."""
    resampling = Resampling(0, 1000)
    paper = PAPER_1_WAY if SETUPS[name][0] == 1 else PAPER_2_WAY
    for measure in (MEAN, BINARY):
        print(f"\n{name}, {measure}, %\n")
        heads = ["method", "support's mask", *(f"5^{fold}" for fold in folds), "mean", "less centre blob"]
        print(f"| {' | '.join(heads)} |\n| --- | --- |{' ---: |' * (len(folds) + 2)}")
        for row, of_row in scored.items():
            intervals = [iou_interval(of_row.of_fold(fold), measure, cluster, resampling) for fold in folds]
            intervals.append(iou_interval(of_row, measure, cluster, resampling))
            is_told = row != CENTRE and CENTRE in scored
            gain = cell(iou_difference(of_row, scored[CENTRE], measure, resampling), True) if is_told else ""
            print(f"| {row} | no | {' | '.join(map(cell, intervals))} | {gain} |")
        for method, is_used, figures in paper:
            # In 2-way the paper has no folds, but a figure for each number of shots.
            of_folds = [f"{figures[fold]:.1f}" if len(figures) > 2 else "" for fold in folds]
            mean = figures[-1] if len(figures) > 2 else figures[SETUPS[name][1] > 1]
            print(f"| {method}, the paper's, VOC | {is_used} | {' | '.join(of_folds)} | {mean:.1f} |  |")
