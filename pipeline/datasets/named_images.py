"""Image files that a release's lists name: all must be there, found by one listing of each folder."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets.folder_files import contained_path, is_plain_name, list_folder
from pipeline.errors import BadDataset


def check_named_images(root: Path, paths: Sequence[str], listed_in: str, follow_links_to: Sequence[Path] = ()) -> None:
    """Refuse paths that lead nowhere or out of the dataset; nothing is opened, and only links are followed.

    Args:
        root: the folder of the dataset.
        paths: relative to it, with forward slashes.
        listed_in: the file that names them, for the message.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: there are such paths; the first few are named.
    """
    names_by_folder: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder, _, name = path.rpartition("/")
        names_by_folder[folder].append(name)
    missing: list[str] = []
    for folder, names in names_by_folder.items():
        directory = contained_path(root, folder or ".", follow_links_to)
        present = {entry.name: entry.is_symlink() for entry in list_folder(directory)} if directory.is_dir() else {}
        missing += [f"{folder}/{name}" for name in names if name not in present or not is_plain_name(name)]
        for name in names:
            if present.get(name):
                contained_path(root, f"{folder}/{name}", follow_links_to)
    if missing:
        raise BadDataset(
            expected=f"a file for each of the {len(paths)} images that {listed_in} names",
            found=f"none for {len(missing)}: {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}",
            where=str(root),
            remedy="restore the images from the release, or take them out of the list",
        )
