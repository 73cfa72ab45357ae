"""What every run says of its images once all were opened: refusals and warnings."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.settings.dataset import DatasetSettings
from pipeline.datasets.image_checks import check_matches_left, files_in_two_splits, labels_left_with_one
from pipeline.datasets.records import SPLITS
from pipeline.errors import BadDataset

LOG = logging.getLogger("sane")


def check_images(settings: Settings, stage: Stage, shards: Sequence[ShardPlan], current: Upstream) -> None:
    """Refuse images that leave nothing to do with them; warn of those that are left out, cropped or equal.

    Raises:
        BadDataset: more are unreadable than dataset.max_unreadable_share, or a split has no match left.
    """
    dataset = settings.dataset
    if dataset.declared.is_rendered:
        return
    counts = current.manifests[stage.name].details.get("counts", {})
    rows = [row for shard in shards for row in shard.work["rows"]]
    unreadable = counts.get("unreadable_images", 0)
    if unreadable:
        _check_share(dataset, unreadable, counts.get("images", 0) + unreadable)
        _check_labels(settings, rows, current.table(stage.name, "unreadable_images")["path"].to_pylist())
    _tell_fit(counts)
    if counts.get("image_notes"):
        _warn_of_notes(stage.name, current, counts["image_notes"])
    _warn_of_equal_files(rows)


def _tell_fit(counts: Mapping[str, int]) -> None:
    cropped, padded, images = counts.get("cropped_images", 0), counts.get("padded_images", 0), counts.get("images", 0)
    if cropped:
        words = "images: %d of %d (%.0f %%) lose more than a tenth of their area by cropping to a square: %s"
        LOG.warning(words, cropped, images, 100 * cropped / images, 'dataset.fit = "pad" keeps them whole')
    if padded:
        words = "images: of %d of %d (%.0f %%) more than a tenth of the square is border: %s"
        LOG.info(words, padded, images, 100 * padded / images, 'dataset.fit = "crop" shows their centre alone instead')


def _check_share(dataset: DatasetSettings, unreadable: int, total: int) -> None:
    limit = dataset.max_unreadable_share
    if unreadable > limit * total:
        raise BadDataset(
            expected=f"at most {limit:.1%} unreadable images (dataset.max_unreadable_share)",
            found=f"{unreadable} of {total}",
            where=str(dataset.root),
            remedy="see them with: sane query CONFIG 'select * from unreadable_images'; mend or remove them",
        )
    LOG.warning("images: %d of %d cannot be read and are left out: table unreadable_images", unreadable, total)


def _check_labels(settings: Settings, rows: list[Mapping[str, Any]], unreadable: list[str]) -> None:
    """Refuse splits without a match, and name training labels without one, where images match by their labels."""
    kind = settings.dataset.declared
    if kind.has_outfits or kind.has_graded_similarity:
        return
    paths = frozenset(unreadable)
    sampled = [split for split in SPLITS if split != "test" or settings.pairs.file is None]
    check_matches_left(rows, paths, sampled, str(settings.dataset.root))
    alone = labels_left_with_one(rows, paths)
    if alone:
        names = ", ".join(map(repr, alone[:5])) + (", ..." if len(alone) > 5 else "")
        LOG.warning(
            "images: %d labels keep a single readable training image and are left out of training: %s",
            len(alone),
            names,
        )


def _warn_of_notes(stage: str, current: Upstream, noted: int) -> None:
    commits = current.commits(stage)
    with_notes = next(commit for commit in commits if "image_notes" in commit.parts)
    first = current.store.read_part_table(with_notes, "image_notes").to_pylist()[0]
    LOG.warning("images: notes on %d files, such as %s: %s: table image_notes", noted, first["path"], first["note"])


def _warn_of_equal_files(rows: list[Mapping[str, Any]]) -> None:
    found = files_in_two_splits(rows)
    for split in SPLITS:
        shared = [one for one in found if one.split == split]
        if shared:
            LOG.warning(
                "images: files of the split %s that are byte for byte those of another split: %d, such as %s and "
                "%s (%s): figures on them are not about unseen images",
                split,
                len(shared),
                shared[0].image_id,
                shared[0].other_id,
                shared[0].other_split,
            )
