"""What is known of the data before a run: labelled images, and how many references each query will have.

What is current is read from the store. The rest follows from the dataset's index: pairs depend on ids, labels and
targets alone, so that even stages whose upstream is not there yet can be counted.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from flows.jobs.pairs import matching_images
from flows.plan import StagePlan
from flows.upstream import Upstream
from pipeline.pair_sampling import count_references
from stores.artifacts import ArtifactStore

COLUMNS = ("image_id", "split", "label", "attributes", "similarity_target")


class Facts:
    """The dataset and the pairs of one seed's run.

    Args:
        plans: of all stages.
        store: where current results are read.
    """

    def __init__(self, plans: Sequence[StagePlan], store: ArtifactStore) -> None:
        self._plans = {plan.stage.name: plan for plan in plans}
        manifests = {plan.stage.name: plan.manifest for plan in plans if plan.manifest is not None}
        self._upstream = Upstream(store, manifests)
        self._queries: dict[str, dict[str, int]] = {}

    @cached_property
    def rows_by_shard(self) -> Mapping[str, list[dict[str, Any]]]:
        """Rows of `images`, without what only decoding tells, by the label of their shard, in shard order."""
        plan = self._plans["images"]
        if plan.manifest is None:
            return {shard.plan.label: list(shard.plan.work["rows"]) for shard in plan.shards}
        return {
            commit.shard_label: self._upstream.store.read_part_table(commit, "images", COLUMNS).to_pylist()
            for commit in self._upstream.commits("images")
        }

    @property
    def images_are_certain(self) -> bool:
        """Whether every counted image is sure to be readable: it was read already, or will be rendered."""
        plan = self._plans["images"]
        return plan.manifest is not None or plan.stage.settings["kind"] == "planted"

    @property
    def image_settings(self) -> Mapping[str, Any]:
        """The settings of the stage `images`."""
        return self._plans["images"].stage.settings

    @property
    def dataset_root(self) -> str | None:
        """The folder of the dataset's files, None where images are rendered."""
        return self._plans["images"].stage.places["dataset_root"]

    @cached_property
    def attribute_names(self) -> list[str]:
        """The vocabulary in order."""
        names: list[str] = list(self._plans["vocabulary"].shards[0].plan.work["names"])
        return names

    @cached_property
    def embedding_dim(self) -> int | None:
        """Length of an embedding; of a user's model None until it has been checked."""
        settings = self._plans["embeddings"].stage.settings
        if "embedding_dim" in settings:
            return int(settings["embedding_dim"])
        if self._plans["similarity_model"].manifest is None:
            return None
        commit = self._upstream.commits("similarity_model")[0]
        return int(self._upstream.store.read_part_tensors(commit, "model")[1]["embedding_dim"])

    def shard_labels(self, *splits: str) -> list[str]:
        """Return the labels of the image shards of these splits."""
        return [label for label in self.rows_by_shard if label.partition("/")[0] in splits]

    def rows(self, *splits: str) -> list[dict[str, Any]]:
        """Return the rows of `images` of these splits."""
        return [row for label in self.shard_labels(*splits) for row in self.rows_by_shard[label]]

    def queries(self, split: str) -> dict[str, int]:
        """Return how many references each query of a split has, sorted by query."""
        if split not in self._queries:
            self._queries[split] = dict(sorted(self._count_references(split).items()))
        return self._queries[split]

    def pairs(self, split: str) -> int:
        """Return the number of pairs of a split."""
        return sum(self.queries(split).values())

    def _count_references(self, split: str) -> dict[str, int]:
        name = f"pairs.{split}"
        if self._plans[name].manifest is not None:
            counts: dict[str, int] = {}
            for query in self._upstream.table(name, "pairs")["query"].to_pylist():
                counts[query] = counts.get(query, 0) + 1
            return counts
        settings, rows = self._plans[name].stage.settings, self.rows(split)
        return count_references(
            [row["image_id"] for row in rows],
            matching_images(rows, settings["match_threshold"]),
            settings["references"],
            settings["most_pairs"],
            settings["seed"],
        )
