"""The planted dataset as an index: every item's labels and similarity coordinates, and not a single pixel."""

from pipeline.datasets.planted.drivers import similarity_targets
from pipeline.datasets.planted.items import planted_image_ids, sample_item
from pipeline.datasets.planted.labels import given_attributes, image_label
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import attribute_groups, attribute_names
from pipeline.datasets.records import DatasetIndex, ImageRecord


def build_planted_index(spec: PlantedSpec) -> DatasetIndex:
    """Return the dataset's index: records sorted by image_id, types or classes as labels, no image files."""
    items = [sample_item(spec, image_id) for image_id in planted_image_ids(spec)]
    targets = similarity_targets(spec, items).tolist()
    return DatasetIndex(
        name="planted",
        root=None,
        attribute_names=attribute_names(),
        attribute_groups=attribute_groups(),
        records=tuple(
            ImageRecord(
                image_id=item.image_id,
                path=None,
                split=item.split,
                label=image_label(item),
                attributes=given_attributes(spec, item),
                similarity_target=tuple(target),
            )
            for item, target in zip(items, targets, strict=True)
        ),
    )
