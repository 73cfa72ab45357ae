"""The end of a stage: its manifest, and whether its result is good enough to go on from."""

import logging
from collections.abc import Mapping

from flows.engine.plan import StagePlan
from flows.engine.stage import Stage
from flows.engine.versions import package_versions
from flows.settings.configuration import Settings
from pipeline.errors import BadDataset
from stores.artifacts import ArtifactStore
from stores.checkpoints import forget_checkpoints
from stores.concurrency import at_once
from stores.manifests import Manifest, combine_shard_digests, created_now, describe_commits

LOG = logging.getLogger("sane")


def finish_stage(
    plan: StagePlan, store: ArtifactStore, manifests: Mapping[str, Manifest], adopted_from: str | None = None
) -> Manifest:
    """Write and return the manifest of a stage all of whose shards are committed.

    Raises:
        StoreError: a shard has no commit.
    """
    keys = [shard.key for shard in plan.shards]
    commits = at_once(store.root, lambda key: store.require_commit(plan.stage.name, key), keys)
    manifest = Manifest(
        stage=plan.stage.name,
        fingerprint=str(plan.fingerprint),
        ingredients=dict(plan.ingredients),
        shard_keys=tuple(commit.shard_key for commit in commits),
        shard_labels=tuple(commit.shard_label for commit in commits),
        digests=tuple(commit.digest for commit in commits),
        digest=combine_shard_digests([commit.digest for commit in commits]),
        upstream={name: manifests[name].fingerprint for name in plan.stage.upstream},
        versions=package_versions(),
        seconds=sum(commit.seconds for commit in commits),
        created=created_now(),
        details=describe_commits(commits),
        adopted_from=adopted_from,
    )
    # Before the manifest: a run that is killed in between comes here again, one that finds a manifest does not.
    forget_checkpoints(store.root, plan.stage.name, manifest.shard_keys)
    store.write_manifest(manifest)
    written = store.read_manifest(plan.stage.name, str(plan.fingerprint))
    return manifest if written is None else written


def check_unreadable(stage: Stage, manifest: Manifest, settings: Settings) -> None:
    """Refuse a dataset too many of whose images cannot be read; warn of fewer.

    Raises:
        BadDataset: the share passes dataset.max_unreadable_share.
    """
    counts = manifest.details.get("counts", {})
    unreadable = counts.get("unreadable_images", 0)
    total = counts.get("images", 0) + unreadable
    limit = settings.dataset.max_unreadable_share
    if stage.name != "images" or not unreadable:
        return
    if unreadable > limit * total:
        raise BadDataset(
            expected=f"at most {limit:.1%} unreadable images (dataset.max_unreadable_share)",
            found=f"{unreadable} of {total}",
            where=str(settings.dataset.root),
            remedy="see them with: sane query CONFIG 'select * from unreadable_images'; mend or remove them",
        )
    LOG.warning("images: %d of %d cannot be read and are left out: table unreadable_images", unreadable, total)
