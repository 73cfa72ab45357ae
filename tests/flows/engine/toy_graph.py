"""A graph of two stages built from the engine and the stores alone: numbers, cut into shards by item, and their sum.

It imports neither `pipeline` nor the rest of `flows`, and is also run as a script in a tree that has neither:

    python toy_graph.py FOLDER

brings the graph in a folder up to date and prints what was computed and which modules were loaded.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.engine.content_shards import content_defined_shards
from flows.engine.cuts import Read, one_shard_of
from flows.engine.plan import StagePlan
from flows.engine.plan_graph import plan_stages
from flows.engine.request import RunRequest
from flows.engine.run import Reporter, StageOutcome, run_stages
from flows.engine.runners import run_inline
from flows.engine.shard_task import Device
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardExtent
from stores.artifacts import ArtifactStore
from stores.manifests import Manifest
from stores.table_schema import INTEGER, TEXT, Column, TableSchema

ITEMS_A_SHARD = 4
ITEMS = {f"item-{number:02d}": number for number in range(1, 21)}
TOY_ITEMS = TableSchema("toy_items", "An item.", (Column("item", TEXT, "its id"),))
TOY_SUMS = TableSchema(
    "toy_sums",
    "The sum over all items.",
    (Column("total", INTEGER, "the sum"), Column("items", INTEGER, "how many there are")),
)


def cut_by_item(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return shards whose inputs are their items' ids and numbers, read from the stage's file."""
    del upstream
    numbers = json.loads(Path(str(stage.paths["items"])).read_text())
    shards = content_defined_shards(list(numbers), ITEMS_A_SHARD)
    return [_shard([[item, numbers[item]] for item in shard]) for shard in shards]


def _shard(items: list[list[object]]) -> ShardPlan:
    ids = tuple(str(item) for item, _ in items)
    return ShardPlan(f"to/{ids[-1]}", {"items": items}, {"items": items}, ids, ShardExtent(len(items)))


@dataclass(frozen=True)
class Toy:
    """A folder with the items, the orders to the jobs, and the store.

    Attributes:
        folder: has to exist.
        power: the setting of the stage `numbers`.
    """

    folder: Path
    power: int = 2

    def write_items(self, items: Mapping[str, int]) -> None:
        """Write the input of the graph: a number for each item."""
        (self.folder / "items.json").write_text(json.dumps(dict(items)))

    def order(self, what: str, label: str) -> None:
        """Order the jobs to "fail" or be "kill"ed at the shard of this label; an empty one takes the order back."""
        (self.folder / what).write_text(label)

    def started(self, stage: str) -> list[str]:
        """Return the labels of the stage's shards begun so far, once for each start."""
        notes = self.folder / "started"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [label for name, label in (line.split() for line in lines) if name == stage]

    @property
    def store(self) -> ArtifactStore:
        """The store."""
        return ArtifactStore(str(self.folder / "store"))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The graph."""
        paths = {"items": str(self.folder / "items.json"), "orders": str(self.folder)}
        total_of_all = one_shard_of({"powers": Read("numbers", "powers")})
        return (
            Stage(
                "numbers", "toy_jobs.numbers", {"power": self.power}, (), (), cut_by_item, paths, tables=(TOY_ITEMS,)
            ),
            Stage("sums", "toy_jobs.sums", {}, (), ("numbers",), total_of_all, paths, tables=(TOY_SUMS,)),
        )

    def run(
        self, force: tuple[str, ...] = (), adopt: tuple[str, ...] = (), until: str | None = None
    ) -> dict[str, StageOutcome]:
        """Bring the graph up to date in this process and return what was done, by stage."""
        device = Device("cpu", 1, 1)
        request = RunRequest(
            self.stages, str(self.folder / "store"), device, until=until, force=force, adopt=adopt, name="toy"
        )
        reporter = Reporter(lambda plan: None, lambda plan, commits: commits)
        return {outcome.stage: outcome for outcome in run_stages(request, run_inline, reporter).outcomes}

    def computed(
        self, force: tuple[str, ...] = (), adopt: tuple[str, ...] = (), until: str | None = None
    ) -> dict[str, int]:
        """Run, and return the number of shards computed, by stage, of stages that computed any."""
        return {name: one.computed for name, one in self.run(force, adopt, until).items() if one.computed}

    def plans(self) -> dict[str, StagePlan]:
        """Return each stage compared with the store."""
        return {plan.stage.name: plan for plan in plan_stages(self.stages, self.store)}

    def states(self) -> dict[str, str]:
        """Return the state of each stage."""
        return {name: plan.state for name, plan in self.plans().items()}

    def manifest(self, stage: str) -> Manifest:
        """Return the current result of a stage."""
        manifest = self.plans()[stage].manifest
        assert manifest is not None, f"{stage} is not current"
        return manifest

    def total(self) -> int:
        """Return the sum, read from the current result."""
        current = Upstream(self.store, {"sums": self.manifest("sums")})
        (row,) = current.rows("sums", "sums")
        return int(row["total"])


if __name__ == "__main__":
    done = Toy(Path(sys.argv[1])).computed()
    json.dump({"computed": done, "modules": sorted(sys.modules)}, sys.stdout)
