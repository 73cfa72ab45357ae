"""The index of Stanford Online Products: Ebay_train.txt and Ebay_test.txt name products that are disjoint.

Source: Oh Song et al., Deep Metric Learning via Lifted Structured Feature Embedding (2016), section 5.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.datasets.class_disjoint import VALIDATION_CLASS_SHARE, ClassedImage, class_disjoint_records
from pipeline.datasets.named_images import check_named_images
from pipeline.datasets.numbered_lines import malformed_line, numbered_fields
from pipeline.datasets.records import DatasetIndex

LISTS = {"Ebay_train.txt": False, "Ebay_test.txt": True}
HEADER = ["image_id", "class_id", "super_class_id", "path"]
# Folders are called after the kind of product: "bicycle_final".
FOLDER_ENDING = "_final"


def build_products_index(
    root: Path, validation_class_share: float = VALIDATION_CLASS_SHARE, follow_links_to: Sequence[Path] = ()
) -> DatasetIndex:
    """Return the index of every photograph that the two lists name; no photograph is opened.

    An image's id is its path without ending, its label the kind of product (the release's super class) and the number
    of the class, such as "bicycle 1": only images of one product match. The release knows no attributes.

    Args:
        root: the folder Stanford_Online_Products.
        validation_class_share: share of the training classes that are held out for validation.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: a list is missing or malformed; a product is of two kinds; a photograph is missing or outside the
            folder; see also `class_disjoint_records`.
    """
    images = [image for name, is_test in LISTS.items() for image in _listed(root / name, is_test)]
    check_named_images(root, [image.path for image in images], " or ".join(LISTS), follow_links_to)
    records = class_disjoint_records(images, validation_class_share, str(root))
    return DatasetIndex("stanford_online_products", str(root), (), (), records)


def dataset_files(root: Path) -> list[Path]:
    """Return every file and folder whose change changes the index."""
    folders = sorted(root.glob(f"*{FOLDER_ENDING}")) if root.is_dir() else []
    return [*(root / name for name in LISTS), *folders]


def _listed(path: Path, is_test: bool) -> Iterator[ClassedImage]:
    kinds: dict[str, str] = {}
    for place, fields in numbered_fields(path, len(HEADER)):
        if place == 1 and fields == HEADER:
            continue
        image, product, kind, file = fields
        folder, _, name = file.partition("/")
        if not (image.isdecimal() and product.isdecimal() and kind.isdecimal() and name):
            raise malformed_line(path, place, f"{', '.join(HEADER)}, as in the header", " ".join(fields))
        if kinds.setdefault(product, kind) != kind:
            expected = f"one super class for class {product}, as in its earlier lines: {kinds[product]}"
            raise malformed_line(path, place, expected, kind)
        label = f"{folder.removesuffix(FOLDER_ENDING)} {product}"
        yield ClassedImage(file.rpartition(".")[0], file, label, is_test)
