"""Pages of pairs and the report's own files put together: links, shared files, contradictions."""

from pathlib import Path

import pytest

from flows.commands.report_members import PAIR_PAGES, report_members, report_parts
from flows.engine.upstream import Upstream
from pipeline.report.archive import packed
from stores.artifacts import ArtifactStore
from stores.errors import CorruptArtifact, MissingArtifact
from stores.parts import FilePart
from tests.flows.jobs.small_store import fill

ONE, OTHER = "0" * 15 + "1", "0" * 15 + "2"
OWN = {
    "index.html": f'<p><span data-pair="{ONE}">a</span><span data-pair="{OTHER}">b</span></p>'.encode(),
    "assets/gallery.js": f'"<span data-pair=\\"{ONE}\\">"'.encode(),
}


def stored(folder: Path, own: dict[str, bytes], *shards: dict[str, bytes]) -> Upstream:
    store = ArtifactStore(str(folder))
    manifests = {"report": fill(store, "report", {"all": {"report": FilePart("report.zip", packed(own))}})}
    if shards:
        parts = {
            f"shard {place}": {"pages": FilePart("pages.zip", packed(files))} for place, files in enumerate(shards)
        }
        manifests[PAIR_PAGES] = fill(store, PAIR_PAGES, parts)
    return Upstream(store, manifests)


def test_without_pages_of_pairs_nothing_is_linked(tmp_path: Path) -> None:
    found = {member.path: member.data for member in report_members(stored(tmp_path, OWN))}
    assert found == {**OWN, "data/pages.js": b'window.pairPages = "";\n'}


def test_pages_come_beside_the_reports_files_and_are_linked(tmp_path: Path) -> None:
    shared = {"images/x.jpg": b"picture"}
    current = stored(tmp_path, OWN, {f"pairs/{ONE}.html": b"page", **shared}, {"maps/y.png": b"map", **shared})
    members = list(report_members(current))
    found = {member.path: member.data for member in members}
    assert len(found) == len(members)
    assert found[f"pairs/{ONE}.html"] == b"page"
    assert found["images/x.jpg"] == b"picture"
    assert found["index.html"].decode() == f'<p><a href="pairs/{ONE}.html">a</a><span data-pair="{OTHER}">b</span></p>'
    assert found["assets/gallery.js"] == OWN["assets/gallery.js"]
    assert found["data/pages.js"] == f'window.pairPages = "{ONE}";\n'.encode()
    parts = report_parts(current)
    assert [part.stage for part in parts] == ["report", PAIR_PAGES, PAIR_PAGES]
    assert {member.path: parts[member.made_from].stage for member in members}["maps/y.png"] == PAIR_PAGES


@pytest.mark.parametrize(
    "shards",
    [
        ({"images/x.jpg": b"one"}, {"images/x.jpg": b"other"}),
        ({"index.html": b"another"},),
        ({"data/pages.js": b"x"},),
        ({"contents.json": b"x"},),
    ],
)
def test_parts_that_contradict_each_other_are_refused(tmp_path: Path, shards: tuple[dict[str, bytes], ...]) -> None:
    with pytest.raises(CorruptArtifact, match="agree on the files"):
        list(report_members(stored(tmp_path, OWN, *shards)))


def test_without_a_report_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(MissingArtifact, match="sane run CONFIG"):
        list(report_members(Upstream(ArtifactStore(str(tmp_path)), {})))
