"""A training with mining that is really killed, within its second candidate, ends in the bytes of one that was not."""

from pathlib import Path

import pytest

from stores.artifacts import ArtifactStore
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke
from tests.resume import test_training_resumes as plain

EPOCHS, CANDIDATES = 4, 2
STAGE = "similarity_model"
MINING = 'objective = "triplet"\nbatch_size = 24\nmining = { form = "printed", gamma = [0.1, 0.5], layer = "0.2" }\n'


def mined_config(folder: Path) -> Path:
    path = write_config(folder, epochs=str(EPOCHS), train_items="60")
    path.write_text(path.read_text().replace("[similarity_model]\n", f"[similarity_model]\n{MINING}"))
    return path


@pytest.mark.slow
def test_a_killed_training_ends_in_the_digests_of_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whole").mkdir()
    whole = FinishedRun(mined_config(tmp_path / "whole"))
    whole.run("compute.checkpoint_seconds=3600", until=STAGE)
    run = plain.begun(whole, STAGE, tmp_path / "run")
    monkeypatch.setattr(plain, "KILLED_AFTER", EPOCHS + 1)
    plain.kill_in_training(run, STAGE)
    last = max(plain.epochs_on_disk(run, STAGE))
    assert EPOCHS < last < CANDIDATES * EPOCHS
    result = invoke("run", run.config, "--until", STAGE, *plain.OPTIONS)
    assert result.exit_code == 0, result.output
    assert f"{STAGE}: goes on from epoch {last} of {CANDIDATES * EPOCHS}" in result.output
    assert plain.same_result(run, whole, STAGE)
    store = ArtifactStore(str(run.store))
    (commit,) = store.read_commits(run.manifest(STAGE))
    history, search = (store.read_part_table(commit, name) for name in ("mining_history", "mining_search"))
    assert history["epoch"].to_pylist() == [*range(1, EPOCHS + 1)] * CANDIDATES
    assert search["gamma"].to_pylist() == [0.1, 0.5]
    assert sum(search["is_chosen"].to_pylist()) == 1
    (chosen,) = (row for row in search.to_pylist() if row["is_chosen"])
    assert chosen["validation_measure"] == max(search["validation_measure"].to_pylist())
    assert commit.counts["best_epoch"] == chosen["best_epoch"]
    assert plain.epochs_on_disk(run, STAGE) == []
    assert run.computed(until=STAGE) == {}
