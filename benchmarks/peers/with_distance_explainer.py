"""distance-explainer: RISE's masks for distances between embeddings, ranked by distance and averaged at both ends.

It explains one reference at a time. Images are given as normalised floats, so that what it removes is 0 after
normalisation, as with us; its progress bars are caught.
"""

from contextlib import redirect_stderr
from io import StringIO

import numpy as np
import torch
from dianna.utils.maskers import generate_interpolated_float_masks_for_image
from distance_explainer import DistanceExplainer

from benchmarks.peers.workbench import Workbench

GRID_CELLS, KEEP_PROBABILITY = 8, 0.5


def explain(bench: Workbench, masks: int, reference: int = 0) -> np.ndarray:
    """Return its map (y, x) by its defaults, masks made for it."""
    return _explain(bench, masks, reference, None)


def explain_with_masks(bench: Workbench, masks_nhw: np.ndarray, references: int) -> np.ndarray:
    """Return its maps (reference, y, x) of given masks."""
    given = masks_nhw[..., None]
    return np.stack([_explain(bench, len(given), number, given) for number in range(references)])


def make_masks(masks: int, size_px: int) -> np.ndarray:
    """Return its masks, float32 (mask, y, x)."""
    made = generate_interpolated_float_masks_for_image((size_px, size_px), KEEP_PROBABILITY, masks, GRID_CELLS)
    return np.asarray(made[..., 0])


def _explain(bench: Workbench, masks: int, reference: int, given: np.ndarray | None) -> np.ndarray:
    explainer = DistanceExplainer(
        n_masks=masks,
        feature_res=GRID_CELLS,
        p_keep=KEEP_PROBABILITY,
        axis_labels=["y", "x", "channels"],
        batch_size=bench.case.batch,
    )
    image = np.ascontiguousarray(bench.query_chw.numpy().transpose(1, 2, 0))

    def embed(images_nhwc: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return bench.plain(torch.from_numpy(images_nhwc).permute(0, 3, 1, 2).contiguous()).numpy()  # type: ignore[no-any-return]

    with redirect_stderr(StringIO()):
        found = explainer.explain_image_distance(embed, image, bench.references_kd[reference], masks=given)
    return np.asarray(found).reshape(image.shape[:2])
