"""Image files that a release's lists name: all must be there, found by one listing of each folder."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets.folder_files import contained_path, list_folder
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
    paths_by_folder: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        paths_by_folder[path.rpartition("/")[0]].append(path)
    missing: list[str] = []
    for folder, named in paths_by_folder.items():
        directory = contained_path(root, folder or ".", follow_links_to)
        is_link = {entry.name: entry.is_symlink() for entry in list_folder(directory)} if directory.is_dir() else {}
        for path in named:
            name = path.rpartition("/")[2]
            if name not in is_link:
                missing.append(path)
            elif is_link[name]:
                contained_path(root, path, follow_links_to)
    if missing:
        raise BadDataset(
            expected=f"a file for each of the {len(paths)} images that {listed_in} names",
            found=f"none for {len(missing)}: {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}",
            where=str(root),
            remedy="restore the images from the release, or take them out of the list",
        )
