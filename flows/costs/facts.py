"""What is known of the data before a run: labelled images, and how many references each query will have.

What is current is read from the store. The rest follows from the dataset's index: pairs depend on ids, labels,
targets and outfits alone (or on a released list), so that even stages whose upstream is not there yet can be counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.engine.plan import StagePlan
from flows.engine.upstream import Upstream
from flows.jobs.pairs import matching_images
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.outfits import condition_name
from pipeline.pairs.lists import ListedPairs, read_pair_list, select_listed
from pipeline.pairs.outfit_matches import outfit_matches
from pipeline.pairs.sampling import count_references
from stores.artifacts import ArtifactStore

COLUMNS = ("image_id", "path", "split", "label", "attributes", "similarity_target")


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
        return plan.manifest is not None or DATASETS[plan.stage.settings["kind"]].is_rendered

    @property
    def image_settings(self) -> Mapping[str, Any]:
        """The settings of the stage `images`."""
        return self._plans["images"].stage.settings

    @property
    def dataset_root(self) -> str | None:
        """The folder of the dataset's files, None where images are rendered."""
        return self._plans["images"].stage.paths["dataset_root"]

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

    @property
    def notes(self) -> int:
        """Attributes that the training images cannot tell apart."""
        return len(self._plans["vocabulary"].shards[0].plan.work["notes"])

    def setting(self, stage: str, key: str) -> Any:
        """Return one setting of another stage."""
        return self._plans[stage].stage.settings[key]

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

    def outfits(self, split: str) -> list[list[str]]:
        """Return the items of each outfit of a split; only datasets of outfits have any."""
        plan = self._plans[f"outfits.{split}"]
        return [list(row["items"]) for row in plan.shards[0].plan.work["rows"]]

    @cached_property
    def conditions(self) -> frozenset[str]:
        """The known pairs of item types, by name; only datasets of outfits have any."""
        pairs = self._plans["type_pairs"].shards[0].plan.work["pairs"]
        return frozenset(condition_name(first, second) for first, second in pairs)

    def listed_pairs(self, split: str) -> ListedPairs:
        """Return the pairs of a released list whose images are there, as far as is known before decoding."""
        stage = self._plans[f"pairs.{split}"].stage
        listed = read_pair_list(Path(str(stage.paths["pairs_file"])))
        image_ids = {row["image_id"] for row in self.rows(split)}
        return select_listed(listed, image_ids, stage.settings["most_pairs"], stage.settings["seed"])

    def _count_listed(self, split: str) -> dict[str, int]:
        known = self.conditions if self._plans[f"pairs.{split}"].stage.settings["has_outfits"] else None
        type_of = {row["image_id"]: row["label"] for row in self.rows(split)}
        return dict(
            Counter(
                pair.query
                for pair in self.listed_pairs(split).matches
                if known is None or condition_name(type_of[pair.query], type_of[pair.reference]) in known
            )
        )

    def _count_references(self, split: str) -> dict[str, int]:
        name = f"pairs.{split}"
        if self._plans[name].manifest is not None:
            counts: dict[str, int] = {}
            for query in self._upstream.table(name, "pairs")["query"].to_pylist():
                counts[query] = counts.get(query, 0) + 1
            return counts
        stage, rows = self._plans[name].stage, self.rows(split)
        if stage.job == "listed_pairs":
            return self._count_listed(split)
        settings, image_ids = stage.settings, [row["image_id"] for row in rows]
        if stage.job == "outfit_pairs":
            types = [row["label"] for row in rows]
            matches = outfit_matches(image_ids, types, self.outfits(split), self.conditions)
        else:
            matches = matching_images(rows, settings["match_threshold"])
        return count_references(
            image_ids,
            matches,
            settings["references"],
            settings["most_pairs"],
            settings["seed"],
        )
