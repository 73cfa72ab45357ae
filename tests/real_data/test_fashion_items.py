"""Real catalogue photographs in the Polyvore Outfits layout, where SANE_REAL_DATA names the folder that holds them."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from flows.engine.code_identity import SOURCE_ROOT
from flows.settings.file import load_settings
from pipeline.datasets.awa2 import build_awa2_index
from pipeline.datasets.image_decoding import decode_image
from pipeline.datasets.outfits import OutfitIndex, condition_name
from pipeline.datasets.polyvore_outfits import build_polyvore_index
from pipeline.pairs.lists import read_pair_list, select_listed
from tests.flows.run_cases import Tables, invoke, refusal, run_quietly

pytestmark = pytest.mark.real_data


def real_folder() -> Path:
    """Return the folder of real data; one that is named but missing is a failure, not a reason to skip."""
    named = os.environ.get("SANE_REAL_DATA")
    if not named:
        pytest.skip("SANE_REAL_DATA is not set: it names the folder that holds polyvore_outfits and official_pairs")
    folder = Path(named).resolve()
    for name in ("polyvore_outfits", "official_pairs"):
        assert (folder / name).is_dir(), f"SANE_REAL_DATA is set to {named!r}, but there is no folder {name} in it"
    return folder


@pytest.fixture(scope="module")
def release() -> Path:
    return real_folder() / "polyvore_outfits"


@pytest.fixture(scope="module")
def index(release: Path) -> OutfitIndex:
    return build_polyvore_index(release)


def splits_of(index: OutfitIndex) -> dict[str, set[str]]:
    return {
        split: {record.image_id for record in index.records if record.split == split}
        for split in ("train", "valid", "test")
    }


def test_every_item_of_an_outfit_is_found_in_its_splits(index: OutfitIndex) -> None:
    assert Counter(record.split for record in index.records) == {"train": 2251, "valid": 717, "test": 1180}
    assert len({record.image_id for record in index.records}) == 2583
    assert Counter(outfit.split for outfit in index.outfits) == {"train": 1680, "valid": 240, "test": 480}
    assert {record.label for record in index.records} == {
        "tops", "shoes", "accessories", "bottoms", "outerwear", "bags", "jewellery", "sunglasses", "hats", "scarves",
        "all-body",
    }  # fmt: skip
    assert len(index.attribute_names) == 105
    assert all(record.attributes for record in index.records)


def test_nondisjoint_splits_share_items_and_disjoint_ones_do_not(index: OutfitIndex, release: Path) -> None:
    shared = splits_of(index)
    assert len(shared["train"] & shared["test"]) == 924
    apart = splits_of(build_polyvore_index(release, "disjoint"))
    assert {split: len(items) for split, items in apart.items()} == {"train": 1807, "valid": 264, "test": 531}
    assert not apart["train"] & apart["test"]
    assert not apart["train"] & apart["valid"]


def test_type_pairs_are_those_of_training_outfits(index: OutfitIndex) -> None:
    types = {record.image_id: record.label for record in index.records}
    worn = {
        condition_name(types[first], types[second])
        for outfit in index.outfits
        if outfit.split == "train"
        for first in outfit.items
        for second in outfit.items
        if first != second
    }
    assert set(index.conditions) == worn
    assert len(index.conditions) == len(worn) == 53


def test_photographs_decode(index: OutfitIndex) -> None:
    for record in index.records[:: len(index.records) // 20][:20]:
        path = Path(str(index.root)) / str(record.path)
        pixels, size_px = decode_image(path.read_bytes(), str(path), 64, (255, 255, 255))
        assert (pixels.shape, pixels.dtype, size_px) == ((64, 64, 3), np.uint8, (224, 224))
        # Items lie on white.
        assert np.median(pixels[:3]) > 200


@pytest.mark.slow
def test_the_shipped_configuration_makes_pairs_of_one_outfit(release: Path, tmp_path: Path) -> None:
    config = SOURCE_ROOT / "configs" / "polyvore_outfits.toml"
    places = (f"dataset.root={release}", f"store.root={tmp_path}", "dataset.image_size_px=32")
    chosen = load_settings(config, places)
    for stage in ("vocabulary", "pairs.train", "pairs.valid", "pairs.test"):
        run_quietly(chosen, until=stage)
    ask = Tables(chosen).ask
    assert ask("select count(*) n from images") == [{"n": 4148}]
    assert ask("select count(*) n from unreadable_images") == [{"n": 0}]
    counts = {row["split"]: row["n"] for row in ask("select split, count(*) n from pairs group by 1")}
    assert (counts["valid"], counts["test"]) == (1000, 1500)
    assert counts["train"] > 10_000
    apart = (
        "with worn as (select split, items from outfits) select count(*) n from pairs p where not exists ("
        "select 1 from worn where worn.split = p.split and list_contains(worn.items, p.query) "
        "and list_contains(worn.items, p.reference)) and p.split <> 'train'"
    )
    assert ask(apart) == [{"n": 0}]
    assert ask("select count(*) n from pairs where condition not in (select condition from type_pairs)") == [{"n": 0}]


def test_what_a_released_list_says_of_images_that_are_here_is_kept(release: Path) -> None:
    listed = read_pair_list(release.parent / "official_pairs" / "awa_test_pairs.txt")
    assert Counter(pair.is_match for pair in listed) == {True: 10_000, False: 10_000}
    records = build_awa2_index(release.parent / "awa2" / "Animals_with_Attributes2").records
    found = select_listed(listed, {record.image_id for record in records if record.split == "test"}, None, 0)
    # 188 lines name files that are here (other photographs than the authors'), one of them twice.
    assert (len(found.matches), len(found.others), found.repeated, found.lines_missing) == (127, 60, 1, 19_812)


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "images"), [("polyvore_outfits", 27031), ("awa", 6356)])
def test_the_released_lists_are_read_and_refused_for_their_missing_images(
    release: Path, tmp_path: Path, dataset: str, images: int
) -> None:
    config = SOURCE_ROOT / "configs" / f"{'awa2' if dataset == 'awa' else dataset}.toml"
    root = release if dataset != "awa" else release.parent / "awa2" / "Animals_with_Attributes2"
    listed = release.parent / "official_pairs" / f"{dataset}_test_pairs.txt"
    options = (f"dataset.root={root}", f"store.root={tmp_path}", f"pairs.file={listed}")
    words = [word for option in options for word in ("--set", option)]
    message = refusal(invoke("run", config, "--until", "pairs.test", *words), 1)
    assert f"of 20000 lines name {images} such images" in message
    assert "pairs.max_missing_share" in message
    assert not (tmp_path / "images").exists()
