"""Which way of explaining both sides of a match finds its causes: components, masks, and what takes no masks.

    python -m benchmarks.correspondence_methods CONFIG [--queries 20] [--references 3] [--masks 100 300 1000 2000]
        [--set key=value]

Reads model, images, pairs and true effects of a finished run of rendered items (--until true_effects.test is enough),
and passes the images of some pairs anew. Prints Markdown tables, x 100:
1. Maps of both sides against the pixels of the first two causes: AUROC, and how often the peak is on them. Of the
   reference, one_sided is RISE with the roles swapped.
2. Components by way of splitting and number; causes told apart; how much two seeds of masks agree.
3. The same by number and scheme of masks, and by cells.
4. Paired differences, one family.
Intervals are clustered by what pairs share.
"""

import argparse
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.both_sides_cases import Design, Pair, Run
from benchmarks.both_sides_figures import Figures, Key, matched_overlap, rank_correlation, table
from benchmarks.both_sides_maps import agreed_map
from benchmarks.correspondence_ways import (
    DECOMPOSITION,
    GRAD_CAM,
    SAME_PLACE,
    SIDES,
    SPLITS,
    USUAL,
    Explainers,
    way_name,
    ways_of,
)
from flows.settings.file import load_settings
from pipeline.evaluation.audit.both_sides import AuditedMatch, located_cause, on_pixels, told_apart
from pipeline.evaluation.audit.localisation import map_auroc, pointing_hit
from pipeline.evaluation.bootstrap import Resampling
from pipeline.saliency.correspondence.interaction import joint_maps

CAUSES = ("first", "second")
AGREED = "joint and one-sided"
BEST, BEST_OF_ALL = "best possible", "best possible of both causes"
COLUMNS = tuple(product(CAUSES, SIDES))


def measure(run: Run, explainers: Explainers) -> Figures:
    """Return all figures of all pairs."""
    evaluation = run.settings.evaluation
    figures = Figures(run.clusters_p, Resampling(run.settings.seed, evaluation.bootstrap_samples))
    for row, pair in enumerate(run.pairs):
        for name, match in ways_of(pair, explainers).items():
            _add_match(figures, row, pair, name, match)
        _add_single_maps(figures, row, pair, explainers)
        _add_stability(figures, row, pair, explainers)
        if row % 10 == 9:
            print(f"{row + 1} of {len(run.pairs)} pairs", file=sys.stderr, flush=True)
    return figures


def _add_single_maps(figures: Figures, row: int, pair: Pair, explainers: Explainers) -> None:
    size_px = len(pair.causes[0][0])
    maps = explainers.grad_cam(pair)
    match = explainers.by_masks(pair, explainers.full)
    of_sides = zip(joint_maps(match.joint_uv), (match.query_u, match.reference_v), strict=True)
    agreed = [on_pixels(agreed_map(joint_u, one_sided_u), size_px) for joint_u, one_sided_u in of_sides]
    for cause, places in zip(CAUSES, pair.causes, strict=False):
        for number, (side, place_hw) in enumerate(zip(SIDES, places, strict=True)):
            best_hw = on_pixels(explainers.best_possible([place_hw]), size_px)
            # Where a pair has two causes, a map that shows both is no fault of the map.
            all_hw = on_pixels(explainers.best_possible([both[number] for both in pair.causes]), size_px)
            found = {AGREED: agreed[number], GRAD_CAM: maps[side], BEST: best_hw, BEST_OF_ALL: all_hw}
            for way, map_hw in found.items():
                figures.add(row, (way, cause, side, "one_sided", "auroc"), map_auroc(map_hw, place_hw))
                figures.add(row, (way, cause, side, "one_sided", "pointing"), pointing_hit(map_hw, place_hw))


def _add_match(figures: Figures, row: int, pair: Pair, name: str, match: AuditedMatch) -> None:
    if not len(match.components.joint_k):
        return
    for cause, places in zip(CAUSES, pair.causes, strict=False):
        for one in located_cause(match, *places):
            figures.add(row, (name, cause, one.side, one.map, "auroc"), one.auroc)
            figures.add(row, (name, cause, one.side, one.map, "pointing"), one.pointing_hit)
    if len(pair.causes) > 1:
        (first, second) = pair.causes
        apart = told_apart(match, (first[0], second[0]), (first[1], second[1]))
        if apart is not None:
            figures.add(row, (name, "told apart", "region"), apart.by_region)
            figures.add(row, (name, "told apart", "components"), apart.by_components)


def _add_stability(figures: Figures, row: int, pair: Pair, explainers: Explainers) -> None:
    for design, again in explainers.seeds:
        one, other = (explainers.by_masks(pair, both) for both in (design, again))
        sides = zip(joint_maps(one.joint_uv), joint_maps(other.joint_uv), strict=True)
        figures.add(row, (way_name(design), "two seeds", "joint"), np.mean([rank_correlation(*side) for side in sides]))
        one_sided = ((one.query_u, other.query_u), (one.reference_v, other.reference_v))
        value = np.mean([rank_correlation(*side) for side in one_sided])
        figures.add(row, (way_name(design), "two seeds", "one_sided"), value)
        figures.add(
            row, (way_name(design), "two seeds", "components"), matched_overlap(one.components, other.components)
        )
    for split in SPLITS:
        if split == USUAL:
            continue
        one, other = (explainers.by_masks(pair, both, split) for both in (explainers.full, explainers.again))
        key = (way_name(explainers.full, split), "two seeds", "components")
        figures.add(row, key, matched_overlap(one.components, other.components))


def maps_table(figures: Figures, full: Design, measured: str) -> str:
    """Return AUROC or pointing of maps that need no components, by cause and side."""
    ours, theirs = way_name(full), way_name(None)
    rows = {
        "joint effects with the other image": (ours, "joint"),
        "joint effects with the cause's true pixels of the query": (ours, "row"),
        "joint effects and RISE's map at once (their geometric mean)": (AGREED, "one_sided"),
        "RISE; of the reference with roles swapped": (ours, "one_sided"),
        "a blob in the middle": (ours, "centre"),
        "the place of the cause's true pixels of the query": (SAME_PLACE, "row"),
        "activation decomposition, joint": (theirs, "joint"),
        "activation decomposition, with the cause's true pixels": (theirs, "row"),
        "activation decomposition, map": (theirs, "one_sided"),
        "grad_cam": (GRAD_CAM, "one_sided"),
        "best possible: a score that is the share of the cause that masks show": (BEST, "one_sided"),
        "the same of both causes together": (BEST_OF_ALL, "one_sided"),
    }
    heads = ["map", *(f"{cause} cause, {side}" for cause, side in COLUMNS)]
    return table(
        heads,
        [
            [name, *(figures.cell((way, cause, side, map_, measured)) for cause, side in COLUMNS)]
            for name, (way, map_) in rows.items()
        ],
    )


def components_table(figures: Figures, full: Design, measured: str) -> str:
    """Return what components find, by way of splitting and number."""
    heads = ["effects", "split by", "most", *(f"matching: {cause} cause, {side}" for cause, side in COLUMNS)]
    heads += [f"largest: first cause, {side}" for side in SIDES]
    heads += ["told apart", "overlap of two seeds"] if measured == "auroc" else []
    rows = []
    for design, split in product((full, None), SPLITS):
        name = way_name(design, split)
        cells = [figures.cell((name, cause, side, "matching_component", measured)) for cause, side in COLUMNS]
        cells += [figures.cell((name, "first", side, "leading_component", measured)) for side in SIDES]
        if measured == "auroc":
            cells += [figures.cell((name, *key)) for key in (("told apart", "components"), ("two seeds", "components"))]
        rows.append([DECOMPOSITION if design is None else "masks", split[0], str(split[1]), *cells])
    return table(heads, rows)


def designs_table(figures: Figures, explainers: Explainers) -> str:
    """Return AUROC of the joint maps, what is told apart and how seeds agree, by masks and cells."""
    heads = [
        "scheme",
        "masks",
        "cells of masks",
        "cells",
        *(f"joint: {cause} cause, {side}" for cause, side in COLUMNS),
    ]
    heads += ["true pixels: second cause, reference", "told apart by region", "by components"]
    heads += ["two seeds: joint maps", "RISE's maps", "components"]
    designs = [design for design, _ in explainers.seeds] + explainers.balanced
    rows = []
    for design in (*designs, *explainers.other_grids, *explainers.other_cells):
        name = way_name(design)
        cells = [figures.cell((name, cause, side, "joint", "auroc")) for cause, side in COLUMNS]
        cells += [figures.cell((name, "second", "reference", "row", "auroc"))]
        cells += [figures.cell((name, "told apart", by)) for by in ("region", "components")]
        cells += [figures.cell((name, "two seeds", what)) for what in ("joint", "one_sided", "components")]
        rows.append([design.scheme, str(design.masks), str(design.grid_cells), str(design.cells), *cells])
    rows.append([DECOMPOSITION, "–", "–", "last feature map", *_cells_without_masks(figures, way_name(None))])
    rows.append([SAME_PLACE, "–", "–", str(explainers.full.cells), *_cells_without_masks(figures, SAME_PLACE)])
    return table(heads, rows)


def _cells_without_masks(figures: Figures, name: str) -> list[str]:
    cells = [figures.cell((name, cause, side, "joint", "auroc")) for cause, side in COLUMNS]
    cells += [figures.cell((name, "second", "reference", "row", "auroc"))]
    return [*cells, *(figures.cell((name, "told apart", by)) for by in ("region", "components")), "–", "–", "–"]


def compared(explainers: Explainers) -> Mapping[str, tuple[Key, Key]]:
    """Return the differences that are tested, by what they say."""
    full, fewer = explainers.full, explainers.seeds[0][0]
    ours, theirs, balanced = (way_name(design) for design in (full, None, explainers.balanced[-1]))
    found: dict[str, tuple[Key, Key]] = {}
    for cause, side in COLUMNS:
        place = f"{cause} cause, {side}"
        joint = (ours, cause, side, "joint", "auroc")
        found[f"joint − RISE, {place}"] = (joint, (ours, cause, side, "one_sided", "auroc"))
        agreed = (AGREED, cause, side, "one_sided", "auroc")
        found[f"joint and one-sided − joint, {place}"] = (agreed, joint)
        found[f"joint and one-sided − RISE, {place}"] = (agreed, (ours, cause, side, "one_sided", "auroc"))
        found[f"joint − blob, {place}"] = (joint, (ours, cause, side, "centre", "auroc"))
        found[f"joint − decomposition's joint, {place}"] = (joint, (theirs, cause, side, "joint", "auroc"))
        matching = (ours, cause, side, "matching_component", "auroc")
        found[f"matching component − joint, {place}"] = (matching, joint)
        found[f"balanced masks − independent ones, joint, {place}"] = ((balanced, *joint[1:]), joint)
        found[f"{full.masks} − {fewer.masks} masks, joint, {place}"] = (joint, (way_name(fewer), *joint[1:]))
    for cause in CAUSES:
        row = (ours, cause, "reference", "row", "auroc")
        found[f"true pixels − roles swapped, {cause} cause"] = (row, (ours, cause, "reference", "one_sided", "auroc"))
        found[f"true pixels − decomposition's, {cause} cause"] = (row, (theirs, cause, "reference", "row", "auroc"))
        found[f"true pixels − their place, {cause} cause"] = (row, (SAME_PLACE, cause, "reference", "row", "auroc"))
    for by in ("region", "components"):
        found[f"told apart by {by}, − by place"] = ((ours, "told apart", by), (SAME_PLACE, "told apart", by))
        found[f"told apart by {by}, − decomposition's"] = ((ours, "told apart", by), (theirs, "told apart", by))
    for method in ("coclusters", "singular"):
        other = (way_name(full, (method, USUAL[1])), "told apart", "components")
        found[f"told apart, factors − {method}"] = ((ours, "told apart", "components"), other)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--references", type=int, default=3)
    parser.add_argument("--masks", type=int, nargs="+", default=[100, 300, 1000, 2000])
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    run = Run(load_settings(arguments.config, arguments.overrides), arguments.queries, arguments.references, True)
    explainers = Explainers(run, sorted(arguments.masks))
    figures = measure(run, explainers)
    two = sum(len(pair.causes) > 1 for pair in run.pairs)
    asked = np.isfinite(figures.values((way_name(explainers.full), "told apart", "region"))).sum()
    print(
        f"{len(run.pairs)} pairs, {run.shared}, {two} with two causes, of which pixels can ",
        end="",
    )
    print(f"tell {asked} apart; ", end="")
    print(f"{explainers.passes} passes of {len(run.image_ids())} images\n")
    for name in ("auroc", "pointing"):
        print(f"Maps, {name}, {explainers.full.masks} masks:\n\n{maps_table(figures, explainers.full, name)}\n")
        print(f"Components, {name}:\n\n{components_table(figures, explainers.full, name)}\n")
    print(f"By masks, {USUAL[0]} {USUAL[1]}:\n\n{designs_table(figures, explainers)}\n")
    print(figures.differences(compared(explainers)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
