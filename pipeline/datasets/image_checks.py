"""What the images of a dataset are worth once they were opened: labels without a match, equal files."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import BadDataset

# Rows name image_id, path, split, label and sha256 of an image.
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class SharedFile:
    """A file whose bytes another split has, too.

    Attributes:
        image_id: the image.
        split: its split.
        other_id: the first image of another split with the same bytes.
        other_split: that split.
    """

    image_id: str
    split: str
    other_id: str
    other_split: str


def labels_left_with_one(rows: Rows, unreadable: Collection[str]) -> list[str]:
    """Return, sorted, the labels that keep one training image of several, as the others cannot be read.

    Args:
        rows: of all images.
        unreadable: paths of those that cannot be read.
    """
    planned = Counter(row["label"] for row in rows if row["split"] == "train")
    left = Counter(row["label"] for row in rows if row["split"] == "train" and row["path"] not in unreadable)
    return sorted(label for label, count in planned.items() if count > 1 and left[label] == 1)


def check_matches_left(rows: Rows, unreadable: Collection[str], splits: Iterable[str], where: str) -> None:
    """Refuse a split in which no two images of one label can be read: a match needs two.

    Args:
        rows: of all images, which match by their labels.
        unreadable: paths of those that cannot be read.
        splits: in which matches are looked for.
        where: the dataset, for the message.

    Raises:
        BadDataset: there is such a split.
    """
    for split in splits:
        planned = [row for row in rows if row["split"] == split]
        readable = [row for row in planned if row["path"] not in unreadable]
        if max(Counter(row["label"] for row in readable).values(), default=0) < 2:
            raise BadDataset(
                expected=f"two readable images of one label in the split {split!r}: a match needs two",
                found=f"{len(readable)} of {len(planned)} images readable, no two of them of one label",
                where=where,
                remedy="mend the files (sane query CONFIG 'select * from unreadable_images'), or add images",
            )


def files_in_two_splits(rows: Rows) -> list[SharedFile]:
    """Return the images whose bytes another file of another split has; each is named with the first such file.

    Images are gone through split by split as the rows come, so that with training first, test images are named as those
    that training images equal. One file that is in several splits by the dataset's own design is no copy.
    """
    first: dict[str, Mapping[str, Any]] = {}
    found = []
    for row in rows:
        earlier = first.setdefault(row["sha256"], row)
        if earlier["split"] != row["split"] and earlier["path"] != row["path"]:
            found.append(SharedFile(row["image_id"], row["split"], earlier["image_id"], earlier["split"]))
    return found
