"""The edited photographs that the report shows."""

from flows.engine.upstream import Upstream
from flows.readers.image_lookup import PixelLookup
from pipeline.report.edits import EditedPhotograph, choose_edits

STAGE = "recoloured_effects.test"


def read_edits(upstream: Upstream, images: PixelLookup, seed: int) -> list[EditedPhotograph]:
    """Return the chosen photographs before and after; none where the stage was not made."""
    if STAGE not in upstream.manifests:
        return []
    rows, places = [], []
    for commit in upstream.commits(STAGE):
        own = upstream.store.read_part_table(commit, "recoloured_items").to_pylist()
        rows += own
        places += [(commit, number) for number in range(len(own))]
    found = []
    for place in choose_edits(rows, seed):
        row, (commit, number) = rows[place], places[place]
        after_hwc = upstream.store.read_part_arrays(commit, "recoloured_pixels")["pixels"][number]
        before_hwc = images.of(row["query"])
        found.append(EditedPhotograph(row["attribute"], row["target_colour"], before_hwc, after_hwc))
    return found
