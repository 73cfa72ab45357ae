"""What a run does beyond bringing stages up to date: parts of the graph, force, several seeds."""

import re
from pathlib import Path

from tests.flows.run_cases import FinishedRun, invoke, states

SEEDS = "evaluation.seeds=[0, 1]"


def test_until_does_the_stage_and_what_it_needs_and_nothing_else(finished_run: FinishedRun, tmp_path: Path) -> None:
    elsewhere = f"store.root={tmp_path}"
    outcomes = finished_run.run(elsewhere, until="pairs.valid")
    assert list(outcomes) == ["images", "pairs.valid"]
    assert all(outcome.computed == outcome.shards >= 1 for outcome in outcomes.values())
    status = finished_run.status(elsewhere)
    assert states(status, "current") == {"images", "pairs.valid"}


def test_force_computes_a_current_stage_again(run_copy: FinishedRun) -> None:
    before = run_copy.manifest("pairs.test")
    assert run_copy.computed(until="similarities.test", force=("pairs.test",)) == {"pairs.test": 1}
    after = run_copy.manifest("pairs.test")
    assert (after.fingerprint, after.digests) == (before.fingerprint, before.digests)
    assert after.created > before.created


def test_the_command_says_what_it_did(run_copy: FinishedRun) -> None:
    result = invoke("run", run_copy.config, "--until", "similarities.test", "--force", "pairs.test")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"seed 0: 1 shards computed in \d+ s, \d+ reused", result.stdout)
    again = invoke("run", run_copy.config, "--until", "similarities.test")
    assert "seed 0: nothing to do, all 5 stages are current" in again.stdout


def test_seeds_share_the_images_and_have_pairs_of_their_own(run_copy: FinishedRun) -> None:
    result = invoke("run", run_copy.config, "--set", SEEDS, "--until", "pairs.test")
    assert result.exit_code == 0, result.stderr
    assert "seed 0: nothing to do, all 2 stages are current" in result.stdout
    assert "seed 1: 1 shards computed" in result.stdout
    assert len(list((run_copy.store / "images").glob("*.json"))) == 1
    assert len(list((run_copy.store / "pairs.test").glob("*.json"))) == 2
    rows = run_copy.query(
        "select seed, count(*) n, count(distinct pair_id) p from pairs where split = 'test' "
        "group by seed order by seed",
        SEEDS,
    )
    assert rows == [{"seed": 0, "n": 24, "p": 24}, {"seed": 1, "n": 24, "p": 24}]
    # What seeds share is one artifact and counted once.
    assert run_copy.query("select count(*) n from images", SEEDS) == [{"n": 230}]
    assert len(run_copy.query("select distinct pair_id from pairs where split = 'test'", SEEDS)) > 24


def test_one_seed_needs_no_seed_column(finished_run: FinishedRun) -> None:
    columns = {row["column_name"] for row in finished_run.query("describe pairs")}
    assert "seed" not in columns
    assert finished_run.query("select distinct seed from metrics") == [{"seed": 0}]
