"""Polyvore Outfits in the release's own layout (Vasileva et al., 2018): items, types, sparse attributes, outfits.

Reads JSON files and one folder listing; no image is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from annotated_types import doc

from pipeline.datasets.declaration import (
    FILE_SETTINGS,
    OUTFIT,
    WHITE,
    DatasetKind,
    EditableColours,
    SuitedSettings,
)
from pipeline.datasets.folder_files import contained_path, is_plain_name, list_folder
from pipeline.datasets.json_files import bad_entry, read_json
from pipeline.datasets.outfits import SEPARATOR, Outfit, OutfitIndex, derive_type_pairs
from pipeline.datasets.plain_pickle import read_plain_pickle
from pipeline.datasets.records import SPLITS, ImageRecord, IndexSource
from pipeline.errors import BadDataset

DISJOINT: Final = "disjoint"
IMAGE_FOLDER, IMAGE_SUFFIX = "images", ".jpg"
METADATA, ATTRIBUTES, TYPE_PAIRS = "polyvore_item_metadata.json", "polyvore_attributes.json", "typespaces.p"


@dataclass(frozen=True)
class PolyvoreSettings:
    """The keys of [dataset] that only this dataset has."""

    outfit_splits: Annotated[
        Literal["nondisjoint", "disjoint"], doc("whether splits may share items (never outfits)")
    ] = "nondisjoint"


def build_polyvore_index(
    root: Path, outfit_splits: str = "nondisjoint", follow_links_to: Sequence[Path] = ()
) -> OutfitIndex:
    """Return the index of every item that the outfits of one way of splitting name.

    The label of an item is its `semantic_category`. Items without annotations have no attributes. The splits of
    "nondisjoint" share items, though no outfits: such an item has a record in each split (decided), so that outfits
    stay whole; figures on its test split are therefore not about unseen images, those of "disjoint" are.
    The type pairs are those of `typespaces.p` beside the outfits where there is one, else derived.

    Args:
        root: the folder that holds images, the metadata and the folders of outfits.
        outfit_splits: "nondisjoint" or "disjoint", the folder with train.json, valid.json and test.json.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: a file is missing or malformed; an item has no image, no type, or a name that leads outside the
            folder; an outfit is named twice.
    """
    folder = root / outfit_splits
    outfits = [outfit for split in SPLITS for outfit in _read_outfits(folder / f"{split}.json", split)]
    _check_outfits_once(outfits, folder)
    items_by_split = {
        split: {item for outfit in outfits if outfit.split == split for item in outfit.items} for split in SPLITS
    }
    items = sorted(set().union(*items_by_split.values()))
    _check_images(root, items, follow_links_to)
    types = _read_types(root / METADATA, items)
    names, attributes = _read_attributes(root / ATTRIBUTES, items)
    records = [
        ImageRecord(item, f"{IMAGE_FOLDER}/{item}{IMAGE_SUFFIX}", split, types[item], attributes.get(item, ()))
        for item in items
        for split in SPLITS
        if item in items_by_split[split]
    ]
    pairs_file = folder / TYPE_PAIRS
    pairs = read_type_pairs(pairs_file) if pairs_file.exists() else derive_type_pairs(outfits, types)
    groups = (-1,) * len(names)
    return OutfitIndex("polyvore_outfits", str(root), names, groups, tuple(records), tuple(outfits), pairs)


def dataset_files(root: Path, outfit_splits: str) -> list[Path]:
    """Return every file and folder whose change changes the index."""
    folder = root / outfit_splits
    splits = [folder / f"{split}.json" for split in SPLITS]
    return [root / METADATA, root / ATTRIBUTES, root / IMAGE_FOLDER, *splits, folder / TYPE_PAIRS]


def read_type_pairs(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the pairs of item types that a pickle lists, each sorted, in the file's order without repeats.

    Raises:
        BadDataset: the file is no pickle of lists, tuples and strings, or no list of pairs of strings.
    """
    content = read_plain_pickle(path)
    entries = content if isinstance(content, list | tuple) else [content]
    for entry in entries:
        is_pair = isinstance(entry, list | tuple) and len(entry) == 2 and all(isinstance(kind, str) for kind in entry)
        if not is_pair:
            raise bad_entry(path, "the list of type pairs", "pairs of two item types", entry)
    pairs = [(min(entry), max(entry)) for entry in entries]
    if not pairs:
        raise bad_entry(path, "the list of type pairs", "at least one pair of item types", content)
    return tuple(dict.fromkeys(pairs))


def _read_outfits(path: Path, split: str) -> list[Outfit]:
    content = read_json(path)
    if not isinstance(content, list) or not content:
        raise bad_entry(path, "the whole file", "a list of at least one outfit", content)
    return [_outfit(path, number, entry, split) for number, entry in enumerate(content, start=1)]


def _outfit(path: Path, number: int, entry: Any, split: str) -> Outfit:
    where = f"outfit number {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("set_id"), str) or not entry["set_id"]:
        raise bad_entry(path, where, 'an object with "set_id" (text) and "items"', entry)
    items = entry.get("items")
    if not isinstance(items, list) or not items:
        raise bad_entry(path, f"{where} ({entry['set_id']!r})", '"items": a list of at least one item', items)
    placed = []
    for item in items:
        well_formed = isinstance(item, dict) and isinstance(item.get("item_id"), str) and type(item.get("index")) is int
        if not well_formed:
            raise bad_entry(path, f"{where} ({entry['set_id']!r})", 'items with "item_id" (text) and "index"', item)
        if not is_plain_name(item["item_id"]):
            raise bad_entry(path, where, "an item id that is a plain file name, without folders", item["item_id"])
        placed.append((item["index"], item["item_id"]))
    # An item listed twice is worn once: it matches the others, not itself.
    return Outfit(entry["set_id"], split, tuple(dict.fromkeys(item for _, item in sorted(placed))))


def _check_outfits_once(outfits: list[Outfit], folder: Path) -> None:
    seen: dict[str, str] = {}
    for outfit in outfits:
        if outfit.outfit_id in seen:
            raise BadDataset(
                expected="every set_id once, in one split",
                found=f"{outfit.outfit_id!r} in {seen[outfit.outfit_id]}.json and in {outfit.split}.json",
                where=str(folder),
                remedy="remove one of the two outfits, or give it another set_id",
            )
        seen[outfit.outfit_id] = outfit.split


def _check_images(root: Path, items: list[str], follow_links_to: Sequence[Path]) -> None:
    """Refuse items without an image, by one listing of the folder; links are followed one by one."""
    folder = root / IMAGE_FOLDER
    if not folder.is_dir():
        raise BadDataset(
            expected="the folder of images",
            found="no such folder",
            where=str(folder),
            remedy="set dataset.root to the folder of the release",
        )
    contained_path(root, IMAGE_FOLDER, follow_links_to)
    present = {entry.name: entry.is_symlink() for entry in list_folder(folder)}
    missing = [item for item in items if item + IMAGE_SUFFIX not in present]
    if missing:
        raise BadDataset(
            expected=f"an image <item_id>{IMAGE_SUFFIX} for each of the {len(items)} items of the outfits",
            found=f"none for {len(missing)}: {', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''}",
            where=str(folder),
            remedy="restore the files from the release, or take the items out of the lists of outfits",
        )
    for item in items:
        if present[item + IMAGE_SUFFIX]:
            contained_path(root, f"{IMAGE_FOLDER}/{item}{IMAGE_SUFFIX}", follow_links_to)


def _read_types(path: Path, items: list[str]) -> dict[str, str]:
    metadata = read_json(path)
    if not isinstance(metadata, dict):
        raise bad_entry(path, "the whole file", "an object with an entry for each item id", metadata)
    types: dict[str, str] = {}
    known: dict[str, str] = {}
    untyped = []
    for item in items:
        entry = metadata.get(item)
        kind = entry.get("semantic_category") if isinstance(entry, dict) else None
        if isinstance(kind, str) and kind.strip() and SEPARATOR not in kind:
            # One string object for each type, not one for each item.
            types[item] = known.setdefault(kind, kind)
        else:
            untyped.append(item)
    if untyped:
        raise BadDataset(
            expected=f'a "semantic_category" (text without {SEPARATOR!r}) for each of the {len(items)} items',
            found=f"none for {len(untyped)}: {', '.join(untyped[:5])}{' ...' if len(untyped) > 5 else ''}",
            where=str(path),
            remedy="add their types, or take the items out of the lists of outfits",
        )
    return types


def _read_attributes(path: Path, items: list[str]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the vocabulary, and the attributes of those items that have any, in vocabulary order."""
    content = read_json(path)
    names = content.get("attributes") if isinstance(content, dict) else None
    annotations = content.get("annotations") if isinstance(content, dict) else None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise bad_entry(path, '"attributes"', "a list of names, at least one", names)
    if len(set(names)) != len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise bad_entry(path, '"attributes"', "distinct names", repeated[:5])
    if not isinstance(annotations, dict):
        raise bad_entry(path, '"annotations"', "an object: item id to a list of numbers", annotations)
    numbers = range(len(names))
    found: dict[str, tuple[str, ...]] = {}
    for item in items:
        marked = annotations.get(item, [])
        if not isinstance(marked, list) or not all(type(number) is int and number in numbers for number in marked):
            expected = f'a list of numbers from 0 to {len(names) - 1}, places in "attributes"'
            raise bad_entry(path, f'"annotations" of item {item!r}', expected, marked)
        if marked:
            found[item] = tuple(names[number] for number in sorted(set(marked)))
    return tuple(names), found


def _build_index(settings: PolyvoreSettings, source: IndexSource) -> OutfitIndex:
    return build_polyvore_index(source.folder(), settings.outfit_splits, source.follow_links_to)


def _index_files(settings: PolyvoreSettings, root: Path) -> list[Path]:
    return dataset_files(root, settings.outfit_splits)


def _suit(root: Path) -> SuitedSettings:
    """Return the one way of splitting that is there where it is not the default's."""
    default = PolyvoreSettings()
    if (root / default.outfit_splits).exists() or not (root / DISJOINT).is_dir():
        return SuitedSettings(default, {})
    reason = f"there is no folder {default.outfit_splits!r}; the splits of {DISJOINT!r} share no items"
    return SuitedSettings(PolyvoreSettings(DISJOINT), {"outfit_splits": reason})


POLYVORE_OUTFITS = DatasetKind(
    name="polyvore_outfits",
    origin="the releases' layouts",
    settings=PolyvoreSettings,
    pixel_settings=(*FILE_SETTINGS, "outfit_splits"),
    build_index=_build_index,
    index_module="pipeline.datasets.polyvore_outfits",
    index_files=_index_files,
    suit=_suit,
    has_outfits=True,
    shared_unit=OUTFIT,
    has_sparse_labels=True,
    colours=EditableColours(
        "colour:",
        ("colour:Multi", "name:striped", "name:checked", "name:printed", "name:floral", "name:graphic"),
        ("accessories", "bags", "hats", "jewellery", "scarves", "shoes", "sunglasses"),
    ),
    canvas_rgb=WHITE,
)
