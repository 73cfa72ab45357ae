"""What a dataset is to the pipeline: an ordered list of labelled images and a vocabulary of attributes."""

from dataclasses import dataclass

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class ImageRecord:
    """One image and what is known of it.

    Attributes:
        image_id: unique within the split; sorts the dataset.
        path: file, relative to the dataset's root with forward slashes; None where the image is rendered.
        split: "train", "valid" or "test".
        label: class or item type; images of one class match.
        attributes: names of the attributes the image has, in vocabulary order.
        similarity_target: coordinates whose cosine is the planted similarity, where the dataset defines one.
    """

    image_id: str
    path: str | None
    split: str
    label: str
    attributes: tuple[str, ...]
    similarity_target: tuple[float, ...] | None = None


@dataclass(frozen=True)
class DatasetIndex:
    """A dataset without its pixels.

    Attributes:
        name: the dataset's kind.
        root: the folder that image paths are relative to; None where images are rendered.
        attribute_names: the vocabulary, in the order used by every attribute axis.
        attribute_groups: one integer per attribute; attributes that share a non-negative group are the
            mutually exclusive values of one factor, -1 marks an independent attribute.
        records: one per image, sorted by image_id.
    """

    name: str
    root: str | None
    attribute_names: tuple[str, ...]
    attribute_groups: tuple[int, ...]
    records: tuple[ImageRecord, ...]
