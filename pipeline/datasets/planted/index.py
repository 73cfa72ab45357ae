"""The planted dataset as an index: every item's labels and similarity coordinates, and not a single pixel."""

from collections.abc import Sequence

from pipeline.datasets.cameras import CameraIndex, ImageView
from pipeline.datasets.planted.cameras import IMAGES_OF_A_CAMERA, MOST_IDENTITIES, view_of
from pipeline.datasets.planted.drivers import similarity_targets
from pipeline.datasets.planted.items import Item, planted_image_ids, sample_item
from pipeline.datasets.planted.labels import given_attributes, image_label
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import attribute_groups, attribute_names
from pipeline.datasets.records import SPLITS, DatasetIndex, ImageRecord
from pipeline.errors import BadSetting


def build_planted_index(spec: PlantedSpec) -> DatasetIndex:
    """Return the dataset's index: records sorted by image_id, types or classes as labels, no image files.

    Where cameras see the items it is a CameraIndex: labels are of items, nothing is graded, and of the two test images
    of an item by a camera the first is a query, the other in the gallery.

    Raises:
        BadSetting: the images of a split are not whole items by all cameras, or more than there are items for.
    """
    if not spec.cameras:
        items = [sample_item(spec, image_id) for image_id in planted_image_ids(spec)]
        targets = [tuple(target) for target in similarity_targets(spec, items).tolist()]
        return DatasetIndex("planted", None, attribute_names(), attribute_groups(), _records(spec, items, targets))
    _check_views(spec)
    items = [sample_item(spec, image_id) for image_id in planted_image_ids(spec)]
    seen = {item.image_id: view_of(item.image_id, spec.cameras) for item in items if item.split == "test"}
    return CameraIndex(
        "planted",
        None,
        attribute_names(),
        attribute_groups(),
        _records(spec, items, [None] * len(items)),
        views=tuple(ImageView(image_id, view.camera, view.is_first) for image_id, view in seen.items()),
    )


def _records(
    spec: PlantedSpec, items: Sequence[Item], targets: Sequence[tuple[float, ...] | None]
) -> tuple[ImageRecord, ...]:
    return tuple(
        ImageRecord(
            image_id=item.image_id,
            path=None,
            split=item.split,
            label=image_label(item),
            attributes=given_attributes(spec, item),
            similarity_target=target,
        )
        for item, target in zip(items, targets, strict=True)
    )


def _check_views(spec: PlantedSpec) -> None:
    of_an_item = spec.cameras * IMAGES_OF_A_CAMERA
    for split in SPLITS:
        count = spec.items_of_split(split)
        if count % of_an_item or not 2 * of_an_item <= count <= MOST_IDENTITIES * of_an_item:
            raise BadSetting(
                expected=f"a multiple of {of_an_item}, from {2 * of_an_item} to {MOST_IDENTITIES * of_an_item}: each "
                f"of {spec.cameras} cameras sees an item {IMAGES_OF_A_CAMERA} times",
                found=str(count),
                where=f"dataset.{split}_items, with dataset.cameras = {spec.cameras}",
                remedy=f"set it to {max(2, min(round(count / of_an_item), MOST_IDENTITIES)) * of_an_item}",
            )
