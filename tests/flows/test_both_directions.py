"""Pairs in both directions, from the setting to the audit's figures."""

from flows.stages.graph import build_stages
from tests.flows.costs.test_counts import costs_of
from tests.flows.run_cases import FinishedRun, states

BOTH = "pairs.both_directions=true"
PAIRS = "select split, query, reference, pair_id from pairs"


def test_without_the_setting_every_key_is_as_it_was(finished_run: FinishedRun) -> None:
    plain = {stage.name: stage.settings for stage in build_stages(finished_run.settings())}
    both = {stage.name: stage.settings for stage in build_stages(finished_run.settings(BOTH))}
    changed = {name for name in plain if plain[name] != both[name]}
    assert changed == {"pairs.valid", "pairs.test", "audit", "metrics", "report"}
    assert not any("both_directions" in values for values in plain.values())
    assert states(finished_run.status("pairs.both_directions=false"), "current") == set(finished_run.status())


def test_each_pair_is_explained_and_audited_from_both_sides(run_copy: FinishedRun) -> None:
    before = {(row["split"], row["query"], row["reference"]): row["pair_id"] for row in run_copy.query(PAIRS)}
    foreseen = costs_of(run_copy.settings(BOTH, "store.root=elsewhere"))["true_effects.test"].forward_passes
    run_copy.run(BOTH, until="audit")
    rows = run_copy.query(PAIRS, BOTH)
    after = {(row["split"], row["query"], row["reference"]): row["pair_id"] for row in rows}
    assert before.items() <= after.items()
    for split in ("train", "valid", "test"):
        own = {(query, reference) for name, query, reference in after if name == split}
        one_way = {pair for pair in own if pair[::-1] not in own}
        assert (one_way == set()) == (split != "train")
    passes = "select sum(forward_passes) as n from runtime where stage = 'true_effects.test'"
    assert run_copy.query(passes, BOTH) == [{"n": foreseen}]
    sql = "select variant, metric, value, n from audit_metrics where table_name = 'audit_directions'"
    figures = run_copy.query(sql, BOTH)
    oracle = {row["metric"]: row for row in figures if row["variant"] == "oracle"}
    tested = sum(split == "test" for split, _, _ in after)
    assert 0 < oracle["hit_in_both"]["n"] <= tested / 2
    assert oracle["hit_in_both"]["value"] == 1
    assert {"answer", "random|present"} <= {row["variant"] for row in figures}


def test_a_seed_of_its_own_keeps_the_pairs_when_the_run_s_seed_changes(finished_run: FinishedRun) -> None:
    def pair_settings(*overrides: str) -> list[object]:
        stages = build_stages(finished_run.settings(*overrides))
        return [stage.settings for stage in stages if stage.name.startswith("pairs.")]

    assert pair_settings("seed=5", "pairs.seed=0") == pair_settings()
    assert pair_settings("seed=5") != pair_settings()
    assert states(finished_run.status("pairs.seed=0"), "current") == set(finished_run.status())
