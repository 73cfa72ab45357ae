"""The planted dataset as declared: rendered items whose causes are known, so that explanations can be audited."""

from dataclasses import asdict, dataclass
from typing import Annotated

from annotated_types import Ge, Le, doc

from pipeline.datasets.declaration import CLASS, DatasetKind, Variant
from pipeline.datasets.planted.index import build_planted_index
from pipeline.datasets.planted.spec import (
    CAMERAS,
    LARGEST_UNLABELLED_SHARE,
    MOST_CAMERAS,
    MOST_CLASSES,
    OF_ITEMS,
    Drivers,
    LabelMode,
    PlantedSpec,
)
from pipeline.datasets.records import DatasetIndex, IndexSource
from pipeline.setting_limits import WHOLE_NUMBER_LEAST, WHOLE_NUMBER_MOST, AtMost

MOST_ITEMS = AtMost(1_000_000, "every command would list so many items first, in minutes and 1.4 GB of memory")


@dataclass(frozen=True)
class PlantedSettings:
    """The keys of [dataset] that only rendered items have."""

    seed: Annotated[int, WHOLE_NUMBER_LEAST, WHOLE_NUMBER_MOST, doc("seed of the items")] = PlantedSpec.seed
    train_items: Annotated[int, Ge(1), MOST_ITEMS, doc("training items")] = PlantedSpec.train_items
    valid_items: Annotated[int, Ge(1), MOST_ITEMS, doc("validation items")] = PlantedSpec.valid_items
    test_items: Annotated[int, Ge(1), MOST_ITEMS, doc("items of the audit split")] = PlantedSpec.test_items
    distractor_correlation: Annotated[float, Ge(0), Le(1), doc("correlation of distractors with drivers")] = (
        PlantedSpec.distractor_correlation
    )

    drivers: Annotated[
        Drivers,
        doc(
            "what the planted similarity depends on: mixed, colour, pattern or parts, shared and weighted by type; "
            "conjunction (colours count with pattern or emblem), saturated (a second part hardly counts), texture "
            "(coarseness and contrast of the pattern), unnamed (light and place, which no attribute names)"
        ),
    ] = PlantedSpec.drivers
    label_mode: Annotated[
        LabelMode,
        doc(
            "dense: all labels; sparse: a share of the positives is left out; class: those of the item's class, which "
            "it follows up to noise; correlated: all, with distractors that copy drivers in nine of ten training items"
        ),
    ] = PlantedSpec.label_mode
    unlabelled_share: Annotated[
        float, Ge(0), Le(LARGEST_UNLABELLED_SHARE), doc("share of positives left out where labels are sparse")
    ] = PlantedSpec.unlabelled_share
    classes: Annotated[int, Ge(1), Le(MOST_CLASSES), doc("classes, where labels are of classes")] = PlantedSpec.classes
    class_noise: Annotated[
        float, Ge(0), Le(1), doc("share of an item's factors and parts that are drawn anew, whatever its class has")
    ] = PlantedSpec.class_noise
    cameras: Annotated[
        int,
        Ge(0),
        Le(MOST_CAMERAS),
        doc(
            "each item is seen twice by each of so many cameras, with a ground, light, scale and blur of their own; "
            "images match by their item, and retrieval is measured over cameras; 0: none, and items are audited"
        ),
    ] = PlantedSpec.cameras


def _build_index(settings: PlantedSettings, _source: IndexSource) -> DatasetIndex:
    # No size: items and labels do not depend on how large they are drawn.
    return build_planted_index(PlantedSpec(**asdict(settings)))


PLANTED = DatasetKind(
    name="planted",
    origin="rendered",
    settings=PlantedSettings,
    # Drivers and labels change no pixel, but what stands beside it in the index.
    pixel_settings=("kind", *OF_ITEMS),
    build_index=_build_index,
    index_module="pipeline.datasets.planted.index",
    pixels_module="pipeline.datasets.planted.renderer",
    is_rendered=True,
    is_audited=True,
    has_graded_similarity=True,
    variant=Variant(
        CAMERAS,
        {
            # What a model of items matches by is not what `drivers` plants.
            "is_audited": False,
            "has_graded_similarity": False,
            "is_for_retrieval": True,
            "recall_ranks": (1, 5, 10),
            "has_cameras": True,
            "shared_unit": CLASS,
        },
    ),
)
