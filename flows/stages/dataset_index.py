"""The index of the dataset that a stage reads, kept while no file changes."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flows.engine.stage import Stage
from flows.stages.user_tables import read_user_table
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.folder import FolderIndex
from pipeline.datasets.records import DatasetIndex, IndexSource
from pipeline.discovery.unlabelled_table import filled_table

LINKS = "dataset_links_"
# The value of dataset.attributes under which labels are found, not read.
DISCOVERED = "discovered"


@dataclass(frozen=True)
class IndexPlaces:
    """Where an index is made from: the dataset's folder, its table, and the folders that its links may lead into.

    `fills_labels`: labels and attributes that the table lacks are filled, as they are discovered later.
    """

    root: Path | None
    table: Path | None
    links: tuple[Path, ...]
    fills_labels: bool = False


@dataclass(frozen=True)
class BuiltIndex:
    """An index with the moment from which on it was built.

    Attributes:
        index: the index.
        began_ns: in ns since 1970.
        listed: the state of the folders that were listed for it, see `files_state`; none where it tells of none.
    """

    index: DatasetIndex
    began_ns: int
    listed: tuple[tuple[str, int, int], ...] = ()


def dataset_index(stage: Stage) -> DatasetIndex:
    """Return the index of the dataset that a stage's settings and paths describe.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    return built_index(stage).index


def built_index(stage: Stage) -> BuiltIndex:
    """Return the index of `dataset_index`, with when it was built.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    kind = DATASETS[stage.settings["kind"]]
    known = {**stage.settings, **stage.item_limits}
    own = kind.settings(**{key: known[key] for key in kind.own_keys if key in known})
    root = None if kind.is_rendered else Path(str(stage.paths["dataset_root"]))
    table = Path(str(stage.paths["dataset_table"])) if kind.needs_table else None
    links = followed_folders(stage)
    files = [] if root is None or kind.index_files is None else list(kind.index_files(own, root))
    places = IndexPlaces(root, table, links, stage.settings.get("attributes") == DISCOVERED)
    state = files_state([*([table] if table else []), *files])
    built = _index(kind, own, places, state)
    if files_state(_listed_folders(built.index)) != built.listed:
        # Which folders it lists is known only once it is built.
        _index.cache_clear()
        built = _index(kind, own, places, state)
    return built


def link_paths(folders: Sequence[Path]) -> dict[str, str]:
    """Return the entries of a stage's paths that name the folders outside the root that links may lead into."""
    return {f"{LINKS}{number}": str(folder) for number, folder in enumerate(folders)}


def followed_folders(stage: Stage) -> tuple[Path, ...]:
    """Return the folders that `link_paths` put into a stage's paths."""
    return tuple(Path(str(path)) for name, path in stage.paths.items() if name.startswith(LINKS))


def files_state(paths: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Return path, size and time of change of those files and folders that exist, times in ns.

    A folder's time changes as files are added to it or removed. One process may plan many runs: what it remembers
    of a dataset holds only while nothing there changes.
    """
    states = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue  # the index says what is missing
        states.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(states)


# One run plans several stages on the same folder; the folder is read once.
@lru_cache(maxsize=2)
def _index(kind: DatasetKind, own_settings: object, places: IndexPlaces, state: object) -> BuiltIndex:
    del state
    began_ns = time.time_ns()
    table = None if places.table is None else read_user_table(places.table)
    if table is not None and places.fills_labels:
        table = filled_table(table)
    index = kind.build_index(own_settings, IndexSource(places.root, table, places.links))
    return BuiltIndex(index, began_ns, files_state(_listed_folders(index)))


def _listed_folders(index: DatasetIndex) -> list[Path]:
    if not isinstance(index, FolderIndex):
        return []
    return [Path(str(index.root), folder) for folder in index.listed_folders]
