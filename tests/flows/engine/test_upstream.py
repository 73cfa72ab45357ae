"""A reader of upstream results reads once what several ask for, and gives nothing that was not asked for."""

from pathlib import Path

import pytest

from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from tests.stores.shard_examples import STAGE, commit_example, example_manifest, example_parts


@pytest.fixture
def both(tmp_path: Path) -> Upstream:
    store = ArtifactStore(str(tmp_path))
    manifest = example_manifest([commit_example(store, example_parts())])
    return Upstream(store, {STAGE: manifest, "pairs.test": manifest})


def test_what_one_reader_read_the_narrower_ones_have(both: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    commits, table = both.commits(STAGE), both.table(STAGE, "rows")
    monkeypatch.setattr(both.store, "read_commits", None)
    monkeypatch.setattr(both.store, "read_part_table", None)
    narrower = both.only([STAGE])
    assert narrower.commits(STAGE) == commits
    assert narrower.table(STAGE, "rows") is table


def test_a_narrower_reader_refuses_other_stages_even_those_read_before(both: Upstream) -> None:
    both.table("pairs.test", "rows")
    narrower = both.only([STAGE])
    with pytest.raises(KeyError, match="pairs.test"):
        narrower.commits("pairs.test")
    with pytest.raises(KeyError, match="pairs.test"):
        narrower.table("pairs.test", "rows")


def test_a_result_is_found_under_another_name_in_place_of_the_stage_that_has_it(both: Upstream) -> None:
    renamed = both.known_as({"pairs.test": STAGE, "images": STAGE})
    assert renamed.commits("images") == renamed.commits("pairs.test") == both.commits(STAGE)
    assert renamed.manifests["pairs.test"] is both.manifests[STAGE]
    # The other reader is left as it was.
    assert "images" not in both.manifests
    assert both.known_as({}) is both
    with pytest.raises(KeyError, match="nothing"):
        both.known_as({"images": "nothing"})
