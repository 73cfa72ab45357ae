"""The end of a stage: its manifest."""

from collections.abc import Mapping

from flows.engine.plan import StagePlan
from flows.engine.versions import package_versions
from stores.artifacts import ArtifactStore
from stores.checkpoints import forget_checkpoints
from stores.concurrency import at_once
from stores.manifests import Manifest, combine_shard_digests, created_now, describe_commits


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
