"""Pages of pairs as a stage: every pair has one, everything a page names is there, and it says what the tables say."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.results import open_results
from pipeline.report.number_text import number_text
from pipeline.report.pair_page.assets import pair_page_assets
from pipeline.report.pair_page.map_picture import MapPainter
from pipeline.report.pair_page.paths import image_path, map_path, page_path, small_image_path
from stores.artifacts import ArtifactStore
from tests.flows.fake_folder import write_fake_folder
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables

STAGE = "pair_pages.test"
TOP = {"index.html", "gallery.html", "evidence.html"}
# Each covers other pairs than the rest, so each is cut in its own way.
LIMITS = (
    "saliency.correspondence.enabled=true",
    "saliency.correspondence.cells=8",
    "saliency.correspondence.pairs=8",
    "saliency.generators=['rise', 'sliding_window']",
    "saliency.sliding_window.modes=['fixed']",
    "saliency.sliding_window.pairs=12",
    "evaluation.curve_pairs=6",
    "saliency.rise.keep=true",
    "similarity_model.epochs=1",
    "attribute_model.epochs=1",
    "pairs.test=200",
)


def members(run: FinishedRun) -> dict[str, bytes]:
    """Return all files of all shards by path, each with one content."""
    store = ArtifactStore(str(run.store))
    found: dict[str, bytes] = {}
    for commit in store.read_commits(run.manifest(STAGE)):
        with zipfile.ZipFile(io.BytesIO(store.read_part_file(commit, "pages"))) as archive:
            for name in archive.namelist():
                assert name not in found
                found[name] = archive.read(name)
    return found


def pages(files: dict[str, bytes]) -> dict[str, str]:
    """Return the text of each page by pair id."""
    return {Path(name).stem: data.decode() for name, data in files.items() if name.startswith("pairs/")}


def link(page: str, name: str) -> str | None:
    """Return the pair id of the previous or the next pair."""
    found = re.search(rf'id="{name}"[^>]*href="\.\./pairs/([0-9a-f]+)\.html"', page)
    return found and found.group(1)


def assert_complete(run: FinishedRun, files: dict[str, bytes], tables: Tables) -> None:
    rows = tables.ask("select pair_id, query, reference from pairs where split = 'test'")
    found = pages(files)
    assert set(found) == {row["pair_id"] for row in rows}
    assert {name: files[name] for name in pair_page_assets()} == pair_page_assets()
    there = {f"../{name}" for name in (*files, *TOP)}
    for text in found.values():
        named = re.findall(r'(?:src|href|data-source)="([^"]+)"', text)
        assert len(named) > 8
        # Places on the page itself are looked at in a browser.
        assert {name.partition("#")[0] for name in named} - {""} <= there
    used = {name for text in found.values() for name in re.findall(r'"\.\./(maps/[^"]+)"', text)}
    assert used == {name for name in files if name.startswith("maps/")}


def assert_chain(found: dict[str, str]) -> None:
    (first,) = (pair_id for pair_id, text in found.items() if link(text, "previous") is None)
    visited = [first]
    while (after := link(found[visited[-1]], "next")) is not None:
        assert link(found[after], "previous") == visited[-1]
        visited.append(after)
    assert sorted(visited) == sorted(found)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_config(tmp_path_factory.mktemp("limited")))
    run.run(*LIMITS, until=STAGE)
    return run


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_fake_folder(tmp_path_factory.mktemp("own")))
    run.run(until=STAGE)
    return run


def test_every_pair_has_a_page_and_everything_it_names_is_there(finished_run: FinishedRun) -> None:
    files, tables = members(finished_run), Tables(finished_run.settings())
    assert_complete(finished_run, files, tables)
    assert_chain(pages(files))
    assert finished_run.manifest(STAGE).details["counts"]["pages"] == len(pages(files)) == 24


def test_pages_say_what_the_tables_say(finished_run: FinishedRun) -> None:
    found, tables = pages(members(finished_run)), Tables(finished_run.settings())
    rows = tables.ask(
        "select a.*, p.query, p.reference, s.similarity, r.effect as replaced, o.effect as true_effect, "
        "o.best_effect, o.eligible, o.hit from answers a join pairs p using (pair_id) "
        "join similarities s using (pair_id) left join replacements r on r.pair_id = a.pair_id "
        "and r.attribute = a.leading_attribute and r.kind = 'deletion' "
        "left join audit_outcomes o on o.pair_id = a.pair_id and o.variant = 'answer'"
    )
    assert len(rows) == 24
    for row in rows:
        text = found[row["pair_id"]]
        named = row["attribute"]
        assert f"<h1>{heading_of(row)}" in text
        assert "How sure: " in text
        assert f"similarity {number_text(row['similarity'], decimals=3)}" in text
        assert row["query"] in text
        assert row["reference"] in text
        if row["replaced"] is not None:
            way = "falls" if row["replaced"] < 0 else "rises"
            assert f"the similarity {way} by {number_text(abs(row['replaced']), decimals=3)} on average" in text
        if row["eligible"] and named is not None and row["true_effect"] is not None:
            assert f"without {named} the similarity falls by {number_text(row['true_effect'], decimals=3)}" in text
    assert any(row["replaced"] is not None for row in rows)
    assert any(row["eligible"] and row["attribute"] is not None for row in rows)


def heading_of(row: dict[str, object]) -> str:
    """Return how the heading begins: the measured truth decides where it is known."""
    named, is_known = row["attribute"], row["best_effect"] is not None
    if is_known and row["eligible"] and named is not None and row["true_effect"] is None:
        return f"{named} "
    if named is None:
        return "No attribute was found for this match" if is_known and row["eligible"] else "No attribute "
    if not is_known:
        return f"{named} "
    is_right = row["eligible"] and row["hit"]
    return f"{named} {'explains this match' if is_right else 'was expected to explain this match, but'}"


def test_a_pair_leads_to_its_reverse_where_the_run_has_it(finished_run: FinishedRun) -> None:
    found = pages(members(finished_run))
    rows = finished_run.query("select pair_id, query, reference from pairs where split = 'test'")
    ids = {(row["query"], row["reference"]): row["pair_id"] for row in rows}
    for (query, reference), pair_id in ids.items():
        reverse, text = ids.get((reference, query)), found[pair_id]
        assert ("The other way round" in text) == (reverse is not None)
        if reverse is not None:
            assert f'<a href="../{page_path(reverse)}">' in text


def test_rankings_are_those_of_the_variant_that_answers(finished_run: FinishedRun) -> None:
    found, tables = pages(members(finished_run)), Tables(finished_run.settings())
    rows = tables.ask(
        "select e.pair_id, e.attribute from explanations e join answers a on a.pair_id = e.pair_id and "
        "a.variant = e.variant where e.score is not null order by e.pair_id, e.rank"
    )
    wanted: dict[str, list[str]] = {}
    for row in rows:
        wanted.setdefault(row["pair_id"], []).append(row["attribute"])
    shown = {
        pair_id: [re.sub("<.*?>", "", one).strip(" ✓✗") for one in re.findall(r'<th scope="row">(.*?)</th>', text)]
        for pair_id, text in found.items()
    }
    assert {pair_id: names for pair_id, names in shown.items() if names} == wanted


def test_of_each_result_a_page_shows_what_covers_its_pair(limited: FinishedRun) -> None:
    files, tables = members(limited), Tables(limited.settings(*LIMITS))
    assert_complete(limited, files, tables)
    assert_chain(pages(files))

    def pairs_of(sql: str) -> set[str]:
        return {row["pair_id"] for row in tables.ask(sql)}

    def showing(words: str) -> set[str]:
        return {pair_id for pair_id, text in pages(files).items() if words in text}

    every = pairs_of("select pair_id from pairs where split = 'test'")
    store = ArtifactStore(str(limited.store))
    commits = store.read_commits(limited.manifest("saliency_maps.test.sliding_window.fixed"))
    drawn = {pair for commit in commits for pair in store.read_part_table(commit, "map_rows")["pair_id"].to_pylist()}
    wanted = {
        'alt="RISE map of': every,
        'data-name="sliding window"': drawn,
        'class="patch"': pairs_of("select pair_id from match_components"),
        'class="curve': pairs_of("select pair_id from faithfulness"),
    }
    assert {words: showing(words) for words in wanted} == wanted
    sizes = {words: len(found) for words, found in wanted.items()}
    assert 0 < sizes['class="curve'] < len(every)
    assert 0 < sizes['class="patch"'] <= 8 < len(every)
    assert 0 < sizes['data-name="sliding window"'] <= 12 < len(every)


def test_the_map_of_the_attribute_that_answers_can_be_chosen(limited: FinishedRun) -> None:
    files, tables = members(limited), Tables(limited.settings(*LIMITS))
    results, painter = open_results(limited.config, LIMITS), MapPainter()
    rows = tables.ask(
        "select a.pair_id, a.attribute, m.row from answers a join pairs p using (pair_id) "
        "left join attribute_map_rows m on m.query = p.query and m.attribute = a.attribute"
    )
    shown = pages(files)
    for row in rows:
        path = map_path(row["pair_id"], "answer")
        assert (path in files) == (row["row"] is not None)
        if path in files:
            assert files[path] == painter.png(results.attribute_map(row["pair_id"]).astype(np.float16))
            (choice,) = re.findall(rf'<input [^>]*data-source="../{path}"[^>]*>', shown[row["pair_id"]])
            assert f'data-name="{row["attribute"]}"' in choice
            assert "where the model sees it; brightest " in choice
    assert any(row["row"] is not None for row in rows)


def test_photographs_are_shown_in_their_own_shape(own: FinishedRun) -> None:
    files, tables = members(own), Tables(own.settings())
    assert_complete(own, files, tables)
    in_pairs = tables.ask("select query as image from pairs where split = 'test' union select reference from pairs")
    rows = tables.ask("select image_id, width_px, height_px from images where split = 'test'")
    shown = {row["image"] for row in in_pairs}
    for row in rows:
        path = image_path(row["image_id"], True)
        assert (path in files) == (row["image_id"] in shown)
        with Image.open(io.BytesIO(files[small_image_path(row["image_id"], True)])) as picture:
            assert picture.size[0] / picture.size[1] == pytest.approx(row["width_px"] / row["height_px"], rel=0.05)
        if path in files:
            with Image.open(io.BytesIO(files[path])) as picture:
                assert (picture.format, picture.size) == ("JPEG", (row["width_px"], row["height_px"]))
    # What a photograph of a plain colour shows is that colour.
    red = next(row["image_id"] for row in rows if row["image_id"].startswith("red") and row["image_id"] in shown)
    with Image.open(io.BytesIO(files[image_path(red, True)])) as picture:
        mean = np.asarray(picture).mean(axis=(0, 1))
    assert mean[0] > mean[1] + 80


def test_rendered_items_are_shown_as_they_are(finished_run: FinishedRun) -> None:
    files = members(finished_run)
    store = ArtifactStore(str(finished_run.store))
    for commit in store.read_commits(finished_run.manifest("images")):
        if not commit.shard_label.startswith("test"):
            continue
        ids = store.read_part_table(commit, "images", ["image_id"])["image_id"].to_pylist()
        pixels_nhwc = store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"]
        for image, pixels_hwc in zip(ids, pixels_nhwc, strict=True):
            with Image.open(io.BytesIO(files[image_path(image, False)])) as picture:
                assert (np.asarray(picture) == pixels_hwc).all()


def test_pages_can_be_left_out_and_follow_what_they_show_alone(run_copy: FinishedRun) -> None:
    assert STAGE not in run_copy.status("report.pair_pages=false")
    assert run_copy.computed("report.pair_pages=false") == {}
    # Another rounding of intervals is no part of a page.
    assert STAGE not in run_copy.computed("evaluation.bootstrap_samples=120", until="metrics")
    assert run_copy.computed("evaluation.bootstrap_samples=120", until=STAGE).get(STAGE, 0) == 0
    # Equal inputs, equal bytes.
    before = members(run_copy)
    assert set(run_copy.computed(until=STAGE, force=(STAGE,))) == {STAGE}
    assert members(run_copy) == before
    assert page_path(next(iter(pages(before)))) in before
