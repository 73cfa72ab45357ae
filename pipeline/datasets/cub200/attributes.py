"""The 312 attributes of CUB-200-2011 as its workers saw them on each photograph, with how sure they were."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.datasets.numbered_lines import malformed_line, read_numbered
from pipeline.errors import BadDataset

LABELS = "attributes/image_attribute_labels.txt"
# The release packs the names beside its folder; many copies move them into it.
NAME_PLACES = ("attributes.txt", "attributes/attributes.txt", "../attributes.txt")
# Of certainties.txt: 1 not visible, 2 guessing, 3 probably, 4 definitely.
PROBABLY, DEFINITELY = 3, 4


def read_attribute_names(root: Path) -> dict[int, str]:
    """Return the names by number.

    Raises:
        BadDataset: the list is in none of its places, or malformed.
    """
    for place in NAME_PLACES:
        path = root / place
        if path.is_file():
            names = read_numbered(path)
            if len(set(names.values())) < len(names):
                raise malformed_line(path, 1, "names that differ", f"{len(names)} of which some are equal")
            return names
    raise BadDataset(
        expected=f"attributes.txt, in one of {', '.join(NAME_PLACES)}",
        found="none of them",
        where=str(root),
        remedy="copy attributes.txt from the release, where it lies beside CUB_200_2011",
    )


def read_image_attributes(root: Path, names: dict[int, str], least_certainty: int) -> dict[int, tuple[str, ...]]:
    """Return the attributes of each image in the order of their numbers, by the image's number.

    A line is image, attribute, 0 or 1, certainty and the seconds it took; in the release some have further values
    before the seconds, which are left alone. An attribute that was called present with less certainty is left out:
    of what is not visible, or guessed, nothing is known.

    Args:
        root: the folder of the release.
        names: of the attributes, by number.
        least_certainty: 1 (not visible) to 4 (definitely).

    Raises:
        BadDataset: the file is missing, or a line is malformed or names an unknown attribute.
    """
    path = root / LABELS
    found: dict[int, set[int]] = {}
    for place, line in enumerate(_lines(path), start=1):
        fields = line.split(None, 4)
        if len(fields) < 4 or fields[2] not in ("0", "1") or not all(field.isdecimal() for field in fields[:4]):
            raise malformed_line(path, place, "image, attribute, 0 or 1, certainty and seconds", line)
        image, attribute, certainty = int(fields[0]), int(fields[1]), int(fields[3])
        if attribute not in names or not 1 <= certainty <= DEFINITELY:
            expected = f"an attribute of attributes.txt, and a certainty from 1 to {DEFINITELY}"
            raise malformed_line(path, place, expected, line)
        present = found.setdefault(image, set())
        if fields[2] == "1" and certainty >= least_certainty:
            present.add(attribute)
    return {image: tuple(names[number] for number in sorted(present)) for image, present in found.items()}


def _lines(path: Path) -> Iterator[str]:
    try:
        # 3.7 million lines: never all of them at once.
        with path.open(encoding="ascii") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(
            expected="the list of attributes of images",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            remedy="set dataset.root to the folder CUB_200_2011 of the release",
        ) from error
