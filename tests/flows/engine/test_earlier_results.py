"""Which earlier result a stage is compared with."""

from pathlib import Path

import pytest

from flows.engine.earlier_results import EarlierResults
from stores.artifacts import ArtifactStore
from stores.manifests import Manifest
from stores.run_records import DONE, start_run

STAGE = "maps"


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "store"))


def add_result(
    store: ArtifactStore,
    number: int,
    config: str,
    seed: int = 0,
    upstream: dict[str, str] | None = None,
    **settings: int,
) -> None:
    """Write a result, later ones with larger numbers, and the record of the run of a configuration that made it."""
    fingerprint = f"{number:064x}"
    created = f"2026-01-{number:02d}T00:00:00+00:00"
    nothing: dict[str, str] = {}
    ingredients = {"settings": settings}
    store.write_manifest(
        Manifest(STAGE, fingerprint, ingredients, (), (), (), "0" * 64, upstream or nothing, nothing, 0.0, created)
    )
    use_result(store, number, config, seed)


def use_result(store: ArtifactStore, number: int, config: str, seed: int = 0, **upstream: str) -> None:
    """Write the record of a run that went through a result, and through results of stages before it."""
    journal = start_run(store.root, "", config, seed)
    for stage, fingerprint in {**upstream, STAGE: f"{number:064x}"}.items():
        journal.add_artifact(stage, fingerprint)
    journal.finish(DONE)


def compared(store: ArtifactStore, config: str, seed: int = 0, **settings: int) -> dict[str, int] | None:
    found = EarlierResults(store, config, seed).of(STAGE, {"settings": settings})
    return None if found is None else found.ingredients["settings"]


def test_without_any_there_is_none(store: ArtifactStore) -> None:
    assert compared(store, "mine.toml", masks=1) is None


def test_a_newer_result_of_another_configuration_is_not_taken(store: ArtifactStore) -> None:
    add_result(store, 1, "mine.toml", masks=40)
    add_result(store, 2, "other.toml", masks=50)
    assert compared(store, "mine.toml", masks=45) == {"masks": 40}
    assert compared(store, "other.toml", masks=45) == {"masks": 50}
    assert compared(store, "third.toml", masks=45) == {"masks": 50}


def test_nor_one_of_another_seed(store: ArtifactStore) -> None:
    add_result(store, 1, "mine.toml", seed=0, masks=40)
    add_result(store, 2, "mine.toml", seed=1, masks=50)
    assert compared(store, "mine.toml", seed=0, masks=45) == {"masks": 40}


def test_a_trial_with_other_settings_is_passed_over(store: ArtifactStore) -> None:
    add_result(store, 1, "mine.toml", masks=40, cells=8)
    add_result(store, 2, "mine.toml", masks=40, cells=7)
    assert compared(store, "mine.toml", masks=45, cells=8) == {"masks": 40, "cells": 8}


def test_of_equally_different_ones_the_newest_counts(store: ArtifactStore) -> None:
    add_result(store, 1, "mine.toml", masks=40)
    add_result(store, 2, "mine.toml", masks=50)
    assert compared(store, "mine.toml", masks=45) == {"masks": 50}


def test_of_equally_different_ones_that_which_was_used_last_counts_not_that_made_last(store: ArtifactStore) -> None:
    add_result(store, 1, "mine.toml", masks=40)
    add_result(store, 2, "mine.toml", masks=50)
    use_result(store, 1, "mine.toml", images="b" * 64)
    assert compared(store, "mine.toml", masks=45) == {"masks": 40}


def test_what_a_result_was_last_found_current_with_is_told_by_the_newest_run_of_the_configuration(
    store: ArtifactStore,
) -> None:
    made_from, own, foreign = "a" * 64, "b" * 64, "c" * 64
    add_result(store, 1, "mine.toml", upstream={"images": made_from, "pairs": made_from}, masks=40)
    (result,) = [store.read_manifest(STAGE, f"{1:064x}")]
    assert result is not None
    earlier = EarlierResults(store, "mine.toml", 0)
    assert earlier.upstream_of(result) == {"images": made_from, "pairs": made_from}
    use_result(store, 1, "other.toml", images=foreign)
    assert EarlierResults(store, "new.toml", 0).upstream_of(result) == {"images": foreign, "pairs": made_from}
    use_result(store, 1, "mine.toml", images=own)
    use_result(store, 1, "other.toml", images=foreign)
    use_result(store, 2, "mine.toml", images=foreign)
    assert EarlierResults(store, "mine.toml", 0).upstream_of(result) == {"images": own, "pairs": made_from}


def test_a_configuration_is_known_by_its_file(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    add_result(store, 1, str(tmp_path / "mine.toml"), masks=40)
    add_result(store, 2, "other.toml", masks=50)
    assert compared(store, "mine.toml", masks=45) == {"masks": 40}


def test_a_result_that_is_gone_is_remembered_by_its_run(store: ArtifactStore) -> None:
    assert EarlierResults(store).last_user(STAGE) == ""
    add_result(store, 1, "mine.toml", masks=40)
    store.forget(STAGE, f"{1:064x}", [])
    assert EarlierResults(store).of(STAGE, {"settings": {}}) is None
    assert EarlierResults(store).last_user(STAGE)
