"""What is known of the data before a run: labelled images, and how many references each query will have.

What is current is read from the store. The rest follows from the dataset's index: pairs depend on ids, labels,
targets and outfits alone (or on a released list), so that even stages whose upstream is not there yet can be counted.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.engine.plan import StagePlan
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardExtent, Work
from flows.stages.reads import UNLABELLED_IMAGES
from pipeline.datasets.outfits import condition_name
from pipeline.pairs.directions import chosen_directions, with_both_directions
from pipeline.pairs.lists import ListedPairs, read_pair_list, select_listed
from pipeline.pairs.outfit_matches import outfit_matches
from pipeline.pairs.sampling import count_references, matching_images, sample_pairs
from stores.artifacts import ArtifactStore

COLUMNS = ("image_id", "path", "sha256", "split", "label", "attributes", "similarity_target")


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
        plan = self._images_plan
        if plan.manifest is None:
            return {shard.plan.label: list(shard.plan.work["rows"]) for shard in plan.shards}
        return {
            commit.shard_label: self._upstream.store.read_part_table(commit, "images", COLUMNS).to_pylist()
            for commit in self._upstream.commits(plan.stage.name)
        }

    @property
    def images_are_certain(self) -> bool:
        """Whether every counted image is sure to be readable: it was read already, or will be rendered."""
        plan = self._images_plan
        return plan.manifest is not None or plan.stage.settings["kind"] == "planted"

    @property
    def images_stage(self) -> Stage:
        """The stage `images`."""
        return self._images_plan.stage

    @property
    def _images_plan(self) -> StagePlan:
        """Of the images as the dataset has them, which are there before any attribute is discovered."""
        return self._plans.get(UNLABELLED_IMAGES, self._plans["images"])

    @cached_property
    def attribute_names(self) -> list[str]:
        """The vocabulary in order."""
        shards = self._plans["vocabulary"].shards
        if not shards:
            # Discovered later, as many as are asked for.
            return [
                f"cluster-{number}" for number in range(self._plans["discovered_attributes"].stage.settings["clusters"])
            ]
        names: list[str] = list(shards[0].plan.work["names"])
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

    def outfits(self, split: str) -> list[list[str]]:
        """Return the items of each outfit of a split; only datasets of outfits have any."""
        plan = self._plans[f"outfits.{split}"]
        return [list(row["items"]) for row in plan.shards[0].plan.work["rows"]]

    @cached_property
    def conditions(self) -> frozenset[str]:
        """The known pairs of item types, by name; only datasets of outfits have any."""
        pairs = self._plans["type_pairs"].shards[0].plan.work["pairs"]
        return frozenset(condition_name(first, second) for first, second in pairs)

    def measured_edits(self, dataset: Mapping[str, Any], query: str) -> list[tuple[bool, int]]:
        """Return, for each measurable attribute of a planted query, whether it is present and how many edits it has."""
        from pipeline.datasets.planted.edits import measuring_edits
        from pipeline.datasets.planted.items import sample_item
        from pipeline.datasets.planted.spec import planted_spec

        item = sample_item(planted_spec(dataset), query)
        return [(present, len(edits)) for _, present, edits in measuring_edits(item, self.attribute_names)]

    def training_work(
        self, epochs: int, patience: int, images_per_epoch: int, validation_images: int, network: str = ""
    ) -> Work:
        """Return the work of a training, which may end before its last epoch; `network` begins its rates' names."""
        forward, training = epochs * validation_images, epochs * images_per_epoch
        read = 2 * len(self.shard_labels("train", "valid"))
        rates = {f"{network}forward_image": forward, f"{network}gradient_image": training, "read_part": read}
        # The first epoch is always the best so far.
        may_stop_early = epochs > patience + 1
        is_bound = may_stop_early or not self.images_are_certain
        return Work(forward, training, rates=rates, is_upper_bound=is_bound, loads_torch=True)

    def listed_pairs(self, split: str) -> ListedPairs:
        """Return the pairs of a released list whose images are there, as far as is known before decoding."""
        stage = self._plans[f"pairs.{split}"].stage
        listed = read_pair_list(Path(str(stage.paths["pairs_file"])))
        image_ids = {row["image_id"] for row in self.rows(split)}
        return select_listed(listed, image_ids, stage.settings["most_pairs"], stage.settings["seed"])

    def _count_listed(self, split: str) -> dict[str, int]:
        settings = self._plans[f"pairs.{split}"].stage.settings
        known = self.conditions if settings["has_outfits"] else None
        type_of = {row["image_id"]: row["label"] for row in self.rows(split)}
        matches = ((pair.query, pair.reference) for pair in self.listed_pairs(split).matches)
        return dict(
            Counter(
                query
                for query, reference in chosen_directions(matches, settings.get("both_directions", False))
                if known is None or condition_name(type_of[query], type_of[reference]) in known
            )
        )

    def _count_references(self, split: str) -> dict[str, int]:
        name = f"pairs.{split}"
        if self._plans[name].manifest is not None:
            return dict(Counter(self._upstream.table(name, "pairs")["query"].to_pylist()))
        stage, rows = self._plans[name].stage, self.rows(split)
        if "pairs_file" in stage.paths:
            return self._count_listed(split)
        settings, image_ids = stage.settings, [row["image_id"] for row in rows]
        if f"outfits.{split}" in stage.upstream:
            types = [row["label"] for row in rows]
            matches = outfit_matches(image_ids, types, self.outfits(split), self.conditions)
        else:
            matches = matching_images(rows, settings["match_threshold"])
        chosen = settings["references"], settings["most_pairs"], settings["seed"]
        if settings.get("both_directions", False):
            sampled = sample_pairs(split, image_ids, matches, *chosen)
            pairs = with_both_directions((pair.query, pair.reference) for pair in sampled)
            return dict(Counter(query for query, _ in pairs))
        return count_references(image_ids, matches, *chosen)


def image_extents(*splits: str) -> Callable[[Stage, Facts], list[ShardExtent]]:
    """Return what gives the extents of a stage that has a shard for each shard of images of these splits."""

    def expected(_stage: Stage, facts: Facts) -> list[ShardExtent]:
        return [ShardExtent(len(facts.rows_by_shard[label])) for label in facts.shard_labels(*splits)]

    return expected
