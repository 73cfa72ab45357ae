"""Photographs of persons by several cameras, in folders for training, queries and gallery, as releases pack them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.datasets.cameras import CameraIndex, ImageView
from pipeline.datasets.class_disjoint import ClassedImage, class_disjoint_records
from pipeline.datasets.folder_files import IMAGE_SUFFIXES, contained_path, list_folder
from pipeline.datasets.records import ImageRecord
from pipeline.errors import BadDataset

TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
# Person, camera, sequence where the release has any, then frame and box: 0002_c1s1_000451_03.jpg, 0003_c1_8.png.
NAME = re.compile(r"(-?\d+)_c(\d+)(?:s\d+)?_")
JUNK, DISTRACTOR = -1, 0
_SIDES = {TRAIN: "train", QUERY: "query", GALLERY: "gallery"}


@dataclass(frozen=True)
class PersonImage:
    """A photograph as its name describes it.

    Attributes:
        path: relative to the dataset's root.
        folder: TRAIN, QUERY or GALLERY.
        person: as written, such as "0002".
        camera: number.
    """

    path: str
    folder: str
    person: str
    camera: int

    @property
    def image_id(self) -> str:
        """What it is for and its file's name: the release may use a name in two folders."""
        return f"{_SIDES[self.folder]}_{Path(self.path).stem}"


def list_person_images(root: Path, within: str, follow_links_to: Sequence[Path]) -> list[PersonImage]:
    """Return the photographs of the three folders by name; files that are no images are left alone, as Thumbs.db.

    Args:
        root: of the dataset.
        within: folder of the three folders, relative to the root; "" where it is the root.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: a folder is missing or without images, a name is of another form, or a link leads out.
    """
    found = []
    for folder in _SIDES:
        relative = f"{within}/{folder}".removeprefix("/")
        directory = contained_path(root, relative, follow_links_to)
        entries = list_folder(directory) if directory.is_dir() else []
        images = sorted((entry for entry in entries if _is_image(entry.name)), key=lambda entry: entry.name)
        if not images:
            raise BadDataset(
                expected="a folder of photographs",
                found="none" if entries else "no such folder, or an empty one",
                where=str(directory),
                remedy=f"set dataset.root to the folder of the release, with {', '.join(_SIDES)}",
            )
        for entry in images:
            if entry.is_symlink():
                contained_path(root, f"{relative}/{entry.name}", follow_links_to)
            found.append(_named(f"{relative}/{entry.name}", folder, directory))
    return found


def camera_index(name: str, root: Path, images: Sequence[PersonImage], share: float) -> CameraIndex:
    """Return the index of a release under its protocol.

    Junk (person -1) is left out: the protocol ignores it wherever it is found. Distractors (person 0) match nothing, so
    each is a class of its own; they are in the gallery alone. All others are classes by person.

    Args:
        name: of the dataset.
        root: of the dataset.
        images: of all three folders; where a release has neither junk nor distractors, these numbers are refused.
        share: of the training persons that are held out for validation.

    Raises:
        BadDataset: a distractor outside the gallery; a gallery of one camera; a query whose person no other camera
            of the gallery saw; see also `class_disjoint_records`.
    """
    kept = [image for image in images if int(image.person) != JUNK]
    distractors = [image for image in kept if int(image.person) == DISTRACTOR]
    persons = [image for image in kept if int(image.person) != DISTRACTOR]
    _check_distractors(distractors, root)
    _check_cameras(persons, root)
    classed = [ClassedImage(one.image_id, one.path, one.person, one.folder != TRAIN) for one in persons]
    records = [
        *class_disjoint_records(classed, share, str(root)),
        *(ImageRecord(one.image_id, one.path, "test", f"distractor {one.image_id}", ()) for one in distractors),
    ]
    views = [ImageView(one.image_id, one.camera, one.folder == QUERY) for one in kept if one.folder != TRAIN]
    return CameraIndex(
        name,
        str(root),
        (),
        (),
        tuple(sorted(records, key=lambda record: record.image_id)),
        notices=tuple(_notices(name, len(images) - len(kept), len(distractors))),
        views=tuple(sorted(views, key=lambda view: view.image_id)),
    )


def _notices(name: str, n_junk: int, n_distractors: int) -> list[str]:
    if not n_junk and not n_distractors:
        return []
    return [f"{name}: {n_junk} junk images (-1) are left out, {n_distractors} distractors (0000) are in the gallery"]


def _is_image(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES


def _named(path: str, folder: str, directory: Path) -> PersonImage:
    name = path.rpartition("/")[2]
    parts = NAME.match(name)
    if parts is None:
        raise BadDataset(
            expected="names such as 0002_c1s1_000451_03.jpg: person, camera, frame",
            found=repr(name),
            where=str(directory),
            remedy="restore the file from the release, or take it out of the folder",
        )
    return PersonImage(path, folder, parts[1], int(parts[2]))


def _check_distractors(distractors: Sequence[PersonImage], root: Path) -> None:
    elsewhere = [image.path for image in distractors if image.folder != GALLERY]
    if elsewhere:
        raise BadDataset(
            expected="distractors (person 0000) in the gallery alone",
            found=f"{len(elsewhere)} elsewhere: {', '.join(elsewhere[:3])}",
            where=str(root),
            remedy="restore the folders of the release",
        )


def _check_cameras(persons: Sequence[PersonImage], root: Path) -> None:
    """Refuse what the protocol cannot measure: a query counts only what another camera saw."""
    gallery = [image for image in persons if image.folder == GALLERY]
    cameras = sorted({image.camera for image in gallery})
    if len(cameras) < 2:
        raise BadDataset(
            expected="a gallery by at least two cameras: matches by the query's own camera do not count",
            found=f"persons by camera {', '.join(map(str, cameras)) or 'none'} alone",
            where=str(root / GALLERY),
            remedy="restore the folder from the release",
        )
    seen_by: dict[int, set[int]] = {}
    for image in gallery:
        seen_by.setdefault(int(image.person), set()).add(image.camera)
    alone = [
        image.path
        for image in persons
        if image.folder == QUERY and not seen_by.get(int(image.person), set()) - {image.camera}
    ]
    if alone:
        raise BadDataset(
            expected="for every query an image of its person in the gallery by another camera",
            found=f"none for {len(alone)} queries: {', '.join(alone[:3])}{' ...' if len(alone) > 3 else ''}",
            where=str(root),
            remedy="restore the folders of the release, or take these queries out",
        )
