"""The planted dataset as declared: rendered items whose causes are known, so that explanations can be audited."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, doc

from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.planted.index import build_planted_index
from pipeline.datasets.planted.spec import PlantedSpec
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


def _build_index(settings: PlantedSettings, _source: IndexSource) -> DatasetIndex:
    # No size: items and labels do not depend on how large they are drawn.
    return build_planted_index(
        PlantedSpec(
            seed=settings.seed,
            train_items=settings.train_items,
            valid_items=settings.valid_items,
            test_items=settings.test_items,
            distractor_correlation=settings.distractor_correlation,
        )
    )


PLANTED = DatasetKind(
    name="planted",
    origin="rendered",
    settings=PlantedSettings,
    pixel_settings=("kind", "seed", "image_size_px", "distractor_correlation"),
    build_index=_build_index,
    index_module="pipeline.datasets.planted.index",
    pixels_module="pipeline.datasets.planted.renderer",
    is_rendered=True,
    is_audited=True,
    has_graded_similarity=True,
)
