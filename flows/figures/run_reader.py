"""Current results of one run as figures read them: pairs, pictures and scores, and refusals where they are missing."""

import shlex
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.configured_runs import configured_runs
from flows.engine.short_reasons import keeping, state_text
from flows.readers.image_lookup import PixelLookup
from flows.readers.shown_images import Photographs, ShownImages
from flows.settings.file import load_settings
from flows.stages.conditions import has_attributes
from flows.stages.report import PHOTOGRAPHS
from pipeline.figures.shown_pair import ShownPair
from pipeline.report.cards import choose_pairs
from pipeline.report.shown_image import ShownImage
from stores.errors import MissingArtifact

Row = Mapping[str, Any]


class RunReader:
    """The results that are current for a configuration; of several seeds those of the first.

    Args:
        config: the configuration file (TOML).
        overrides: key=value over it.

    Raises:
        BadSetting: the configuration is refused.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """

    def __init__(self, config: str | Path, overrides: Sequence[str] = ()) -> None:
        self._config, self._overrides = str(config), tuple(overrides)
        run = configured_runs(load_settings(Path(config), list(overrides)), config=str(config))[0]
        self._plans = {plan.stage.name: plan for plan in run.plans()}
        self.settings, self.seed = run.settings, run.seed
        self.upstream = run.current(list(self._plans.values()))

    def has(self, stage: str) -> bool:
        """Return whether the configuration has a stage, be it current or not."""
        return stage in self._plans

    def is_current(self, stage: str) -> bool:
        """Return whether a stage's result is there."""
        return stage in self.upstream.manifests

    def need(self, *stages: str) -> None:
        """Check that results are there.

        Raises:
            MissingArtifact: one is not, with the command that makes it, or the configuration has no such stage.
        """
        for stage in stages:
            if stage not in self._plans:
                kind = self.settings.dataset.kind
                raise self.not_of_this_run(
                    f"a configuration with the stage {stage}",
                    "none" if has_attributes(self.settings) else f"none, as images of {kind} have no attributes",
                    "none for such images; to leave it out name the figures to make, each with --figure",
                )
            plan = self._plans[stage]
            if plan.manifest is None:
                raise MissingArtifact(
                    expected=f"the result of {stage}, current for this configuration",
                    found=f"it is {state_text(plan.state, plan.reasons)}",
                    where=self.upstream.store.root.url,
                    remedy=f"run it first: {self.command('run', '--until', stage)}"
                    f"{keeping(plan.reasons for plan in self._plans.values())}",
                )

    def not_of_this_run(self, expected: str, found: str, remedy: str) -> MissingArtifact:
        """Return the error for what this configuration never makes, or made nothing of."""
        return MissingArtifact(expected=expected, found=found, where=self._config, remedy=remedy)

    def command(self, name: str, *words: str) -> str:
        """Return a command about this configuration, to be typed into a shell."""
        chosen = [word for override in self._overrides for word in ("--set", override)]
        return shlex.join(["sane", name, self._config, *words, *chosen])

    @cached_property
    def pairs(self) -> list[Row]:
        """Rows of the table `pairs`: the test pairs that are explained.

        Raises:
            MissingArtifact: pairs or their images are not there.
        """
        self.need("images", "pairs.test", "similarities.test")
        return [row for row in self.upstream.rows("pairs.test", "pairs") if row["is_match"]]

    @cached_property
    def labels(self) -> dict[str, str]:
        """Class or item type of each test image."""
        self.need("images")
        images = self.upstream.table("images", "images", "test")
        return dict(zip(images["image_id"].to_pylist(), images["label"].to_pylist(), strict=True))

    @property
    def name(self) -> str:
        """The configuration's name, for a figure of several."""
        return Path(self._config).stem

    @cached_property
    def file_digests(self) -> dict[str, str]:
        """Digest of each test image's file, by image id."""
        images = self.upstream.table("images", "images", "test")
        return dict(zip(images["image_id"].to_pylist(), images["sha256"].to_pylist(), strict=True))

    @cached_property
    def similarities(self) -> dict[str, float]:
        """The model's score of each test pair."""
        rows = self.upstream.rows("similarities.test", "similarities")
        return {row["pair_id"]: row["similarity"] for row in rows}

    @cached_property
    def views(self) -> PixelLookup:
        """Test images as the model sees them."""
        return PixelLookup(self.upstream, self.upstream.shard_of_rows("images", "images", "image_id", "test"))

    @cached_property
    def images(self) -> ShownImages:
        """Test images as people see them."""
        dataset, photographs = self.settings.dataset, None
        if dataset.declared.has_photographs and dataset.root is not None:
            decoding = {key: getattr(dataset, key) for key in PHOTOGRAPHS}
            photographs = Photographs(dataset.root, dataset.follow_links_to, decoding)
        return ShownImages(self.views, self.upstream.rows("images", "images", "test"), photographs)

    def drawn(self, candidates: Sequence[Row], count: int) -> list[Row]:
        """Return up to so many of some pairs, by seed and ids alone, see `choose_pairs`."""
        return choose_pairs(candidates, self.labels, self.seed, count)

    def drawn_apart(self, kinds: Sequence[Sequence[Row]], count: int) -> list[list[Row]]:
        """Return up to so many pairs of each kind, drawn likewise, with queries and labels of their own.

        A kind repeats a query of an earlier one only where it has no other, and likewise a label.
        """
        drawn: list[list[Row]] = []
        for candidates in kinds:
            queries = {pair["query"] for earlier in drawn for pair in earlier}
            labels = {self.labels[query] for query in queries}
            ordered = self.drawn(candidates, len(candidates))
            first_of_label: dict[str, str] = {}
            for pair in ordered:
                first_of_label.setdefault(self.labels[pair["query"]], pair["pair_id"])
            own = {pair_id for label, pair_id in first_of_label.items() if label not in labels}
            ordered.sort(key=lambda pair: (pair["query"] in queries, pair["pair_id"] not in own))
            drawn.append(ordered[:count])
        return drawn

    def shown(self, pair: Row, query_as_viewed: bool = False) -> ShownPair:
        """Return a pair with its pictures; the query's is on request what the model sees of it."""
        query, reference = pair["query"], pair["reference"]
        return ShownPair(
            pair["pair_id"],
            query,
            reference,
            self.labels[query],
            self.labels[reference],
            self.similarities[pair["pair_id"]],
            ShownImage(self.views.of(query)) if query_as_viewed else self.images.of(query),
            self.images.of(reference),
        )
