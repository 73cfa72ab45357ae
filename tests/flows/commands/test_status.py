"""The fields of `sane status`, and what `sane plan` leaves out."""

from tests.flows.run_cases import FinishedRun, invoke

FIELDS = {"seed", "stage", "state", "reasons", "fingerprint", "shards_done", "shards"}


def test_status_has_the_fields_of_the_contract(finished_run: FinishedRun) -> None:
    rows = finished_run.status()
    assert len(rows) == finished_run.stage_count
    for name, row in rows.items():
        assert set(row) == FIELDS
        assert row["state"] == "current"
        assert row["reasons"] == []
        assert row["shards"] == row["shards_done"] >= 1
        assert row["fingerprint"] == finished_run.manifest(name).fingerprint


def test_what_is_pending_has_no_fingerprint_and_no_shards_yet(finished_run: FinishedRun) -> None:
    row = finished_run.status("saliency.rise.masks=25")["metrics"]
    assert (row["state"], row["fingerprint"], row["shards_done"], row["shards"]) == ("pending", None, 0, None)


def test_before_any_run_the_first_stages_are_missing(finished_run: FinishedRun) -> None:
    rows = finished_run.status("store.root=elsewhere")
    assert {name for name, row in rows.items() if row["state"] == "missing"} == {"vocabulary", "images"}
    assert rows["images"]["reasons"] == ["never made"]
    assert rows["images"]["shards"] == finished_run.status()["images"]["shards"]
    assert rows["report"]["reasons"][1] == "never made"
    assert not (finished_run.config.parent / "elsewhere").exists()


def test_plan_shows_only_what_would_run(finished_run: FinishedRun) -> None:
    assert finished_run.status(command="plan") == {}
    change = "explanation.weight_grid_step=0.25"
    would_run = finished_run.status(change, command="plan")
    explained = {"explanations", "explanations.valid", "answers", "answer_sets", "group_effects.test"}
    assert set(would_run) == {"explanation_weights", *explained, "audit", "metrics", "pair_pages.test", "report"}
    everything = finished_run.status(change)
    for name, row in would_run.items():
        assert {key: row[key] for key in FIELDS} == everything[name]


def test_as_text_plan_says_when_there_is_nothing_to_do(finished_run: FinishedRun) -> None:
    result = invoke("plan", finished_run.config)
    assert result.exit_code == 0
    assert result.stdout == f"seed 0: nothing to do, all {finished_run.stage_count} stages are current\n"


def test_as_text_status_tells_why(finished_run: FinishedRun) -> None:
    text = invoke("status", finished_run.config, "--set", "explanation.weight_grid_step=0.25").stdout
    row = next(line for line in text.splitlines() if "explanation_weights" in line)
    assert "stale" in row
    assert "0 of 1" in row
    assert "explanation.weight_grid_step: 0.05 -> 0.25" in row
    assert "not known yet" in text


def test_every_seed_has_its_own_rows(finished_run: FinishedRun) -> None:
    result = invoke("status", finished_run.config, "--set", "evaluation.seeds=[0, 1]")
    assert "seed 0: stages" in result.stdout
    assert "seed 1: stages" in result.stdout
