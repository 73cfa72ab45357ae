"""The edited photographs and items that the report shows."""

from dataclasses import dataclass
from typing import Final

from flows.engine.upstream import Upstream
from flows.readers.image_lookup import PixelLookup
from pipeline.report.edits import EditedPhotograph, choose_edits


@dataclass(frozen=True)
class KeptEdits:
    """Where a stage keeps edits.

    Attributes:
        stage: that made them.
        rows: part with a row for each.
        pixels: part with the edited images, in the order of the rows.
        before: column that says what a photograph shows before; None where nothing is said of it.
        after: column that says what it shows after.
        turns: column whose values take turns among those chosen.
    """

    stage: str
    rows: str
    pixels: str
    before: str | None
    after: str
    turns: str


RECOLOURED: Final = KeptEdits(
    "recoloured_effects.test", "recoloured_items", "recoloured_pixels", "attribute", "target_colour", "attribute"
)
AS_IT_IS: Final = "as it is"
WHOLE: Final = KeptEdits("edit_effects.test", "edited_items", "edited_pixels", None, "edit", "edit")


def read_edits(upstream: Upstream, images: PixelLookup, seed: int, kept: KeptEdits) -> list[EditedPhotograph]:
    """Return the chosen images before and after; none where the stage was not made."""
    if kept.stage not in upstream.manifests:
        return []
    rows, places = [], []
    for commit in upstream.commits(kept.stage):
        own = upstream.store.read_part_table(commit, kept.rows).to_pylist()
        rows += own
        places += [(commit, number) for number in range(len(own))]
    found = []
    for place in choose_edits(rows, seed, kept.turns):
        row, (commit, number) = rows[place], places[place]
        after_hwc = upstream.store.read_part_arrays(commit, kept.pixels)["pixels"][number]
        before_hwc = images.of(row["query"])
        before = AS_IT_IS if kept.before is None else row[kept.before]
        found.append(EditedPhotograph(before, row[kept.after], before_hwc, after_hwc))
    return found
