"""The tables at the end of a run: their captions explain the columns that are there, and no others."""

import io

from rich.console import Console

from flows.commands.summary import print_summary
from flows.configured_runs import configured_runs
from flows.engine.upstream import Upstream
from tests.flows.run_cases import FinishedRun


class WithoutAudit(Upstream):
    """The results of a run on data whose true causes are not known."""

    def rows(self, stage: str, part: str, prefix: str = "") -> list[dict[str, object]]:
        return [row for row in super().rows(stage, part, prefix) if row.get("table_name") != "audit"]


def summary_of(upstream: Upstream) -> str:
    console = Console(file=io.StringIO(), width=300)
    print_summary(console, upstream)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_caption_explains_the_columns_there_are(finished_run: FinishedRun) -> None:
    current = configured_runs(finished_run.settings())[0].current()
    whole = summary_of(current)
    for metric in ("top1_accuracy: ", "removal: ", "matched_effect: ", "hit_at_1: ", "normalised_regret: "):
        assert metric in whole
    # What the model matches by comes first, and the answer before what it is compared with.
    assert whole.splitlines()[0].startswith("answers: an attribute explains ")
    assert whole.index("│ answer ") < whole.index("│ best_constant ")
    without = summary_of(WithoutAudit(current.store, current.manifests))
    assert "removal: " in without
    assert "regret" not in without
    assert "hit_at_1" not in without


def test_a_variant_that_is_told_what_the_query_has_is_named(finished_run: FinishedRun) -> None:
    told = "embedding_effect: told which attributes the query has, of which alone they name one"
    assert told in summary_of(configured_runs(finished_run.settings())[0].current()).replace("\n", " ")
