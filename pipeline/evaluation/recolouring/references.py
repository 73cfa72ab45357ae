"""What training items say of each colour: where its cluster lies, what edits move to, and how it is recognised.

Edits move to items of one part of the training images, the classifier is fitted to the others, so that no edit is
recognised because its target was learned by heart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.recolouring.colour_classifier import (
    ClassifierQuality,
    ColourClassifier,
    colour_histogram,
    fit_colour_classifier,
)
from pipeline.evaluation.recolouring.colour_pixels import ColourPixels, ItemColours, find_clusters, find_colour
from pipeline.evaluation.recolouring.colour_space import to_lab
from pipeline.evaluation.recolouring.item_mask import item_mask
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.evaluation.recolouring.recolour import ColourStatistics, colour_statistics
from pipeline.randomness import derive_seed

LEAST_ITEM_SHARE: Final = 0.05
LEAST_COLOUR_SHARE: Final = 0.5
# One plain training item in three is an example that edits move to.
EXAMPLES_ONE_IN: Final = 3
LEAST_PLAIN_ITEMS: Final = 9


@dataclass(frozen=True)
class LabelledItem:
    """A training item with one labelled colour; `pixels_hwc` are uint8 sRGB."""

    image_id: str
    colour: str
    pixels_hwc: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ColourExample:
    """A training item that edits may move to."""

    image_id: str
    statistics: ColourStatistics


@dataclass(frozen=True)
class ColourReferences:
    """What edits need to know.

    Attributes:
        centres: CIELAB (3,) of each colour: median over its training items' largest clusters.
        examples: plain training items of each colour.
        classifier: of the colours that have both.
    """

    centres: Mapping[str, npt.NDArray[np.float64]]
    examples: Mapping[str, Sequence[ColourExample]]
    classifier: ColourClassifier


def read_item(pixels_hwc: npt.NDArray[np.uint8], image_id: str, seed: int) -> ItemColours | LeftOut:
    """Return an item's clusters, or why it cannot be cut out."""
    lab_hwc = to_lab(pixels_hwc)
    mask_hw = item_mask(pixels_hwc, lab_hwc)
    if mask_hw is None:
        return LeftOut.NO_GROUND
    if mask_hw.mean() < LEAST_ITEM_SHARE:
        return LeftOut.TOO_SMALL
    return find_clusters(lab_hwc, mask_hw, derive_seed(seed, image_id, "colour clusters") % 2**32)


def covers(colour: ColourPixels, item: ItemColours) -> bool:
    """Return whether the colour covers enough of an item for it to be plain."""
    return bool((colour.weights_hw[item.mask_hw] > 0.5).mean() >= LEAST_COLOUR_SHARE)


@dataclass(frozen=True)
class _FoundItem:
    """An item with its clusters; its CIELAB, eight times as large as its pixels, is made again when it is wanted."""

    item: LabelledItem
    mask_hw: npt.NDArray[np.bool_]
    centres_kc: npt.NDArray[np.float64]
    shares_k: npt.NDArray[np.float64]

    def colours(self) -> ItemColours:
        """Return what `read_item` did."""
        return ItemColours(to_lab(self.item.pixels_hwc), self.mask_hw, self.centres_kc, self.shares_k)


def fit_references(
    items: Sequence[LabelledItem], seed: int, report: Callable[[int, int], None] | None = None
) -> tuple[ColourReferences, ClassifierQuality] | None:
    """Return the references and the classifier's quality; None where fewer than two colours have enough items.

    Args:
        items: of the training split alone.
        seed: of clusters, parts and folds.
        report: is told how many items were cut out so far, and how many there are.
    """
    by_colour: dict[str, list[_FoundItem]] = {}
    for number, item in enumerate(items, start=1):
        if report is not None:
            report(number, len(items))
        found = read_item(item.pixels_hwc, item.image_id, seed)
        if isinstance(found, ItemColours):
            by_colour.setdefault(item.colour, []).append(
                _FoundItem(item, found.mask_hw, found.centres_kc, found.shares_k)
            )
    centres, examples = {}, {}
    features: list[npt.NDArray[np.float64]] = []
    labels: list[str] = []
    for colour, own in sorted(by_colour.items()):
        centre = np.median([one.centres_kc[0] for one in own], axis=0)
        plain = _plain_items(own, centre, seed)
        if len(plain) < LEAST_PLAIN_ITEMS:
            continue
        n_examples = len(plain) // EXAMPLES_ONE_IN
        centres[colour] = centre
        examples[colour] = tuple(ColourExample(image_id, statistics) for image_id, statistics, _ in plain[:n_examples])
        features += [histogram_f for *_, histogram_f in plain[n_examples:]]
        labels += [colour] * (len(plain) - n_examples)
    if len(centres) < 2:
        return None
    folds = derive_seed(seed, "colour folds") % 2**32
    classifier, quality = fit_colour_classifier(np.stack(features), labels, folds)
    return ColourReferences(centres, examples, classifier), quality


def _plain_items(
    items: Sequence[_FoundItem], centre_lab: npt.NDArray[np.float64], seed: int
) -> list[tuple[str, ColourStatistics, npt.NDArray[np.float64]]]:
    """Return id, statistics and histogram of the items that the colour covers, in an order drawn by the seed."""
    plain = []
    for one in items:
        found = one.colours()
        colour = find_colour(found, centre_lab)
        statistics = colour_statistics(found.lab_hwc, colour)
        if statistics is not None and covers(colour, found):
            plain.append((one.item.image_id, statistics, colour_histogram(found.lab_hwc, found.mask_hw)))
    return sorted(plain, key=lambda entry: derive_seed(seed, entry[0], "colour example"))
