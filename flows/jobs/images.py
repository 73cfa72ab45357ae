"""Images as square uint8 pixels in the store: files are decoded once, rendered items drawn once."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.fitting import CROP, PAD, lost_by_cropping
from pipeline.datasets.folder_files import contained_path
from pipeline.datasets.records import PixelSource
from pipeline.errors import BadDataset, BadImage
from stores.digests import digest_array
from stores.parts import ArraysPart, Part

# Of an image's area; where cropping takes more, or padding adds more to the square, a run says so.
MOST_LOST_SHARE = 0.1
COUNTED = {CROP: "cropped_images", PAD: "padded_images"}


def run(inputs: JobInputs) -> JobResult:
    """Return the shard's pixels, its rows of `images`, and its unreadable files with reasons."""
    kind = DATASETS[inputs.settings["kind"]]
    make_pixels, note_file = kind.pixel_function(), kind.note_function()
    root = None if kind.is_rendered else Path(str(inputs.task.paths["dataset_root"]))
    links = [Path(folder) for folder in inputs.work.get("links", ())]
    readable, unreadable, noted, pixels = [], [], [], []
    for row in inputs.work["rows"]:
        try:
            source = _source(row, root, links)
            decoded, size_px = make_pixels(source, inputs.settings)
        except BadImage as error:
            unreadable.append({"path": row["path"], "reason": error.found})
            continue
        pixels.append(decoded)
        note = None if note_file is None else note_file(source, inputs.settings)
        if note is not None:
            noted.append({"image_id": row["image_id"], "path": row["path"], "note": note})
        measured = {"width_px": size_px[0], "height_px": size_px[1], "pixels_sha256": digest_array(decoded)}
        path = row["path"] or f"{kind.name}/{row['image_id']}"
        readable.append({**row, **measured, "path": path, "sha256": row["sha256"] or measured["pixels_sha256"]})
    size = inputs.settings["image_size_px"]
    pixels_nhwc = np.stack(pixels) if pixels else np.zeros((0, size, size, 3), np.uint8)
    parts: dict[str, Part] = {
        "pixels": ArraysPart(
            {"pixels": pixels_nhwc}, {"pixels": ("image", "y", "x", "rgb")}, {"pixels": "sRGB, 0 to 255"}
        ),
        "images": inputs.table("images", readable),
        "unreadable_images": inputs.table("unreadable_images", unreadable),
    }
    counts = {"images": len(readable), "unreadable_images": len(unreadable)}
    fit = inputs.settings.get("fit", CROP)
    if root is not None and fit in COUNTED:
        # What cropping takes of an image, padding adds to its square.
        lost = [lost_by_cropping(row["width_px"], row["height_px"]) for row in readable]
        counts[COUNTED[fit]] = sum(share > MOST_LOST_SHARE for share in lost)
    if noted:
        # Only where there is something to say: results without notes are those that were made before notes were.
        parts["image_notes"], counts["image_notes"] = inputs.table("image_notes", noted), len(noted)
    return JobResult(parts, counts)


def _source(row: Mapping[str, Any], root: Path | None, follow_links_to: Sequence[Path]) -> PixelSource:
    """Return what an image's pixels are made from: the bytes of its file, which must be those that were planned."""
    if root is None:
        return PixelSource(row["image_id"])
    # The root is where this run finds the files; the row's sha256 says which bytes they have to be.
    path = contained_path(root, row["path"], follow_links_to)
    try:
        data = path.read_bytes()
    except OSError as error:
        # Not the image's fault: were it committed as unreadable, restoring the file would change nothing.
        raise BadDataset(
            expected="the file that was there when the run was planned",
            found=str(error),
            where=str(path),
            remedy="restore the file, then start the run again",
        ) from error
    if sha256(data).hexdigest() != row["sha256"]:
        raise BadDataset(
            expected="the bytes that were hashed when the run was planned",
            found="a file that changed meanwhile",
            where=str(path),
            remedy="start the run again",
        )
    return PixelSource(row["image_id"], data, str(path))
