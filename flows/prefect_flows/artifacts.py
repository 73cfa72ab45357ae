"""What a flow run shows on Prefect's page: progress with rate and time left, counts, the final tables, the report."""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.engine.plan import StagePlan
from flows.engine.run import Reporter, StageOutcome
from flows.engine.upstream import Upstream
from stores.manifests import Commit

# An update is a call of the server; people do not look more often.
SECONDS_BETWEEN_UPDATES = 5.0
LONGEST_TABLE = 500


def with_progress_artifact(reporter: Reporter) -> Reporter:
    """Return the reporter with a progress artifact beside it for every stage that has work."""

    def shards_done(plan: StagePlan, commits: Iterable[Commit]) -> Iterable[Commit]:
        return _with_artifact(plan, reporter.shards_done(plan, commits))

    return replace(reporter, shards_done=shards_done)


def _with_artifact(plan: StagePlan, commits: Iterable[Commit]) -> Iterator[Commit]:
    total = len(plan.shards) - len(plan.shards_done)
    started = last = time.monotonic()
    images = 0
    created = create_progress_artifact(0.0, key=_key("progress", plan.stage.name), description=plan.stage.name)
    # The same function serves programs with an event loop, where it returns a coroutine; there is none here.
    artifact = cast(UUID, created)
    for done, commit in enumerate(commits, start=1):
        images += commit.counts.get("images", 0)
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_UPDATES or done == total:
            last = now
            said = describe_progress(plan.stage.name, done, total, images, now - started)
            update_progress_artifact(artifact, 100.0 * done / total, description=said)
        yield commit


def describe_progress(stage: str, done: int, total: int, images: int, seconds: float) -> str:
    """Return one line: shards done, images a second, and the time left at this pace."""
    left = seconds / done * (total - done)
    return f"{stage}: {done} of {total} shards, {images / max(seconds, 1e-9):.1f} images/s, about {left:.0f} s left"


def show_outcomes(seed: int, outcomes: list[StageOutcome], current: Upstream) -> None:
    """Leave a table of all stages: shards, those computed in this run, counts, seconds and rates."""
    rows = []
    for outcome in outcomes:
        manifest = current.manifests.get(outcome.stage)
        counts = manifest.details.get("counts", {}) if manifest else {}
        rate = counts.get("images", 0) / manifest.seconds if manifest and manifest.seconds else 0.0
        rows.append(
            {
                **asdict(outcome),
                "seconds": round(outcome.seconds, 1),
                "images": counts.get("images", 0),
                "forward_passes": counts.get("forward_passes", 0),
                "images_per_second": round(rate, 1),
            }
        )
    description = "Shards of each stage, those computed in this run and their seconds; counts and rate of the result."
    create_table_artifact(rows, key=f"stages-seed-{seed}", description=description)


def show_results(seed: int, current: Upstream, report: str) -> None:
    """Leave the final tables, one artifact for each table of `metrics`, and a link to the report."""
    by_table: dict[str, list[dict[str, Any]]] = {}
    for row in current.rows("metrics", "metrics"):
        by_table.setdefault(row["table_name"], []).append(row)
    for name, rows in by_table.items():
        shown = [{key: _shown(value) for key, value in row.items() if value is not None} for row in rows]
        description = f"{name}: {len(rows)} figures, seed {seed}; fractions, with 95 % intervals."
        create_table_artifact(shown[:LONGEST_TABLE], key=_key(name, f"seed-{seed}"), description=description)
    link = report if "://" in report else Path(report).absolute().as_uri()
    create_link_artifact(link, link_text=f"Report of seed {seed}", key=f"report-seed-{seed}", description=report)


def _shown(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _key(*words: str) -> str:
    """Return an artifact's key: lowercase letters, digits and dashes are all that Prefect takes."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
