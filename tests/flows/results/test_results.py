"""Results read from outside: the values that the store holds, and refusals of what it does not."""

from pathlib import Path

import numpy as np
import pytest

from flows.commands.query import current_tables
from flows.results import Results, open_results
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact
from stores.manifests import Commit
from tests.flows.run_cases import FinishedRun

BOTH_SIDES = ("saliency.correspondence.enabled=true", "saliency.correspondence.cells=8")
MAPS = "saliency_maps.test.rise.fixed"


@pytest.fixture(scope="module")
def results(finished_run: FinishedRun) -> Results:
    return open_results(finished_run.config)


@pytest.fixture(scope="module")
def two_sided(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    copy = finished_run.copy_to(tmp_path_factory.mktemp("two_sided") / "copy")
    copy.run(*BOTH_SIDES, until="match_components.test")
    return copy


def commits(run: FinishedRun, stage: str) -> list[tuple[ArtifactStore, Commit]]:
    store = ArtifactStore(str(run.store))
    return [(store, commit) for commit in store.read_commits(run.manifest(stage))]


def stored_maps(run: FinishedRun, stage: str) -> dict[str, np.ndarray]:
    """Every map of a stage by pair id, from its rows and arrays alone."""
    found = {}
    for store, commit in commits(run, stage):
        maps_qkyx = store.read_part_arrays(commit, "maps")["maps"]
        for row in store.read_part_table(commit, "map_rows").to_pylist():
            query, slot = divmod(row["row"], maps_qkyx.shape[1])
            found[row["pair_id"]] = maps_qkyx[query, slot].astype(np.float32)
    return found


def test_maps_are_those_of_the_store_in_the_order_asked_for(finished_run: FinishedRun, results: Results) -> None:
    for generator in ("rise", "random"):
        stored = stored_maps(finished_run, f"saliency_maps.test.{generator}.fixed")
        asked = sorted(stored, reverse=True)
        found = results.maps(asked, generator)
        assert list(found) == asked
        assert all(found[pair_id].dtype == np.float32 for pair_id in asked)
        assert all(np.array_equal(found[pair_id], stored[pair_id]) for pair_id in asked)
        assert np.array_equal(results.map(asked[0], generator), stored[asked[0]])
        # The comparison can fail.
        assert not np.array_equal(found[asked[0]], stored[asked[1]])


def test_only_the_array_of_the_shard_with_the_pair_is_read(
    finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = commits(finished_run, MAPS)
    assert len(kept) > 1
    store, commit = kept[-1]
    pair_id = store.read_part_table(commit, "map_rows")["pair_id"][0].as_py()
    read, original = [], ArtifactStore.read_part_arrays

    def noting(self: ArtifactStore, commit: Commit, *rest: object) -> dict[str, np.ndarray]:
        read.append(commit.shard_key)
        return original(self, commit, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ArtifactStore, "read_part_arrays", noting)
    open_results(finished_run.config).map(pair_id)
    assert read == [commit.shard_key]


def test_images_and_embeddings_are_those_of_the_store(finished_run: FinishedRun, results: Results) -> None:
    for stage, part, table, read in (
        ("images", "pixels", "images", results.image),
        ("embeddings", "embeddings", "image_embeddings", results.embedding),
    ):
        for store, commit in commits(finished_run, stage):
            ids = store.read_part_table(commit, table)["image_id"].to_pylist()
            stored = store.read_part_arrays(commit, part)[part]
            assert np.array_equal(read(ids[-1]), stored[-1])
            assert len(ids) == 1 or not np.array_equal(read(ids[0]), stored[-1])


def test_embeddings_of_many_images_are_in_the_order_asked_for(finished_run: FinishedRun, results: Results) -> None:
    rows = finished_run.query("select image_id from images order by split, image_id")
    image_ids = [row["image_id"] for row in rows][::-7]
    found = results.embeddings(image_ids)
    assert found.dtype == np.float32
    assert all(np.array_equal(found[n], results.embedding(image_id)) for n, image_id in enumerate(image_ids))
    assert not np.array_equal(found[0], found[1])
    with pytest.raises(BadSetting, match="at least one image"):
        results.embeddings([])
    with pytest.raises(BadSetting, match="did you mean"):
        results.embeddings([image_ids[0], image_ids[1][:-1]])


def test_the_map_of_the_attribute_that_answers_is_that_of_the_store(finished_run: FinishedRun, tmp_path: Path) -> None:
    copy, kept = finished_run.copy_to(tmp_path / "copy"), "saliency.rise.keep=true"
    copy.run(kept, until="attribute_maps.test")
    found = open_results(copy.config, [kept])
    ((store, commit),) = commits(copy, "attribute_maps.test")
    stored = store.read_part_arrays(commit, "maps")["maps"]
    rows = {(row["query"], row["attribute"]): row["row"] for row in found.table("attribute_map_rows").to_pylist()}
    shown = set()
    for answer in found.table("answers").to_pylist():
        if answer["attribute"] is None:
            with pytest.raises(BadSetting, match="which none explains"):
                found.attribute_map(answer["pair_id"])
            continue
        row = rows[found.pair(answer["pair_id"])["query"], answer["attribute"]]
        assert np.array_equal(found.attribute_map(answer["pair_id"]), stored[row].astype(np.float32))
        shown.add(row)
    assert len(shown) > 1
    assert not np.array_equal(*(stored[row] for row in sorted(shown)[:2]))
    with pytest.raises(BadSetting, match=r"saliency\.rise\.keep=true"):
        open_results(finished_run.config).attribute_map("any")


def test_tables_are_those_of_sane_query(finished_run: FinishedRun, results: Results) -> None:
    wanted = current_tables(finished_run.settings())
    assert results.tables() == sorted(wanted)
    for name, table in wanted.items():
        found = results.table(name)
        assert found.schema.equals(table.schema), name
        # As text, in which NaN is equal to itself.
        assert repr(found.to_pylist()) == repr(table.to_pylist()), name


def test_a_table_needs_no_other_part_and_no_stage_without_it(
    finished_run: FinishedRun, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, original = set(), ArtifactStore.read_part_table

    def noting(self: ArtifactStore, commit: Commit, part: str, *rest: object) -> object:
        read.add((commit.stage, part))
        return original(self, commit, part, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ArtifactStore, "read_part_table", noting)
    results.table("answers")
    assert read == {("answers", "answers")}


def test_several_seeds_are_in_one_table_and_maps_are_of_the_first(run_copy: FinishedRun) -> None:
    run_copy.run("seed=1", until="pairs.test")
    found = open_results(run_copy.config, ["evaluation.seeds=[0,1]"])
    pairs = found.table("pairs", stale_ok=True)
    assert set(pairs["seed"].to_pylist()) == {0, 1}
    pair_id = next(iter(stored_maps(run_copy, MAPS)))
    assert np.array_equal(found.map(pair_id), open_results(run_copy.config).map(pair_id))
    with pytest.raises(BadSetting, match="seed 1"):
        found.table("map_rows")


def test_both_sides_are_those_of_the_store(two_sided: FinishedRun) -> None:
    found = open_results(two_sided.config, BOTH_SIDES)
    store, commit = commits(two_sided, "correspondences.test")[-1]
    row = store.read_part_table(commit, "correspondence_rows").to_pylist()[-1]
    maps, components = (store.read_part_arrays(commit, part) for part in ("maps", "components"))
    sides = found.both_sides(row["pair_id"])
    for name in ("query", "reference", "query_joint", "reference_joint"):
        assert np.array_equal(getattr(sides, name), maps[name][row["row"]])
    named = [one for one in two_sided.query("select * from match_components order by component", *BOTH_SIDES)]
    assert [part.share for part in sides.parts] == [one["share"] for one in named if one["pair_id"] == row["pair_id"]]
    assert sides.parts
    for number, part in enumerate(sides.parts):
        assert np.array_equal(part.query_hw, components["query_regions"][row["row"], number])
        assert np.array_equal(part.reference_hw, components["reference_regions"][row["row"], number])


def test_a_rendered_item_is_its_own_photograph(finished_run: FinishedRun, results: Results) -> None:
    pair_id, stored = next(iter(stored_maps(finished_run, MAPS).items()))
    assert np.array_equal(results.placed_map(pair_id), stored)
    query = results.pair(pair_id)["query"]
    assert np.array_equal(results.shown_image(query).pixels_hwc, results.image(query))


def four_parts(error: BadSetting | MissingArtifact) -> str:
    assert all((error.expected, error.found, error.where, error.remedy))
    return str(error)


def test_unknown_names_are_refused_with_a_remedy(finished_run: FinishedRun, results: Results) -> None:
    pair_id = next(iter(stored_maps(finished_run, MAPS)))
    image_id = results.pair(pair_id)["query"]
    for ask, named in (
        (lambda: results.map("no such pair"), "select pair_id"),
        (lambda: results.pair(image_id), "select pair_id"),
        (lambda: results.map(pair_id, "lime"), "rise fixed"),
        (lambda: results.map(pair_id, "rise", "both"), "rise fixed"),
        (lambda: results.image(image_id[:-1]), "did you mean test_000"),
        (lambda: results.embedding("../images"), "select image_id"),
        (lambda: results.both_sides(pair_id), "saliency.correspondence.enabled=true"),
        (lambda: results.table("metric"), "did you mean metrics"),
        (lambda: results.table("model_checks"), "model_checks is not one of them"),
    ):
        with pytest.raises(BadSetting) as refused:
            ask()
        assert named in four_parts(refused.value)


def test_a_pair_that_is_not_among_those_of_both_sides_is_told_apart(two_sided: FinishedRun) -> None:
    chosen = (*BOTH_SIDES, "saliency.correspondence.pairs=4")
    two_sided.run(*chosen, until="match_components.test")
    found = open_results(two_sided.config, chosen)
    explained = {row["pair_id"] for row in found.table("correspondence_rows").to_pylist()}
    other = next(pair_id for pair_id in stored_maps(two_sided, MAPS) if pair_id not in explained)
    with pytest.raises(BadSetting, match=r"saliency\.correspondence\.pairs"):
        found.both_sides(other)


def test_what_is_not_current_names_the_command_that_makes_it(finished_run: FinishedRun, tmp_path: Path) -> None:
    pair_id = next(iter(stored_maps(finished_run, MAPS)))
    stale = open_results(finished_run.config, ["saliency.rise.masks=25"])
    with pytest.raises(MissingArtifact) as refused:
        stale.map(pair_id)
    assert f"--until {MAPS} --set saliency.rise.masks=25" in four_parts(refused.value)
    # Its rows would be missing among those of the generators that are current.
    with pytest.raises(BadSetting, match=MAPS):
        stale.table("map_rows")
    assert 0 < len(stale.table("map_rows", stale_ok=True)) < len(open_results(finished_run.config).table("map_rows"))
    empty = open_results(finished_run.config, [f"store.root='{tmp_path}'"])
    assert empty.tables() == []
    for ask in (lambda: empty.map(pair_id), lambda: empty.pair(pair_id), lambda: empty.image("test_00000")):
        with pytest.raises(MissingArtifact):
            ask()
