"""What a report says of stages, from their manifests."""

from pipeline.report.evidence import StageRecord
from stores.manifests import Manifest


def stage_record(manifest: Manifest) -> StageRecord:
    """Return what a manifest says of its stage's making; seconds and devices are in no digest."""
    details = manifest.details
    return StageRecord(
        stage=manifest.stage,
        shards=len(manifest.shard_keys),
        counts=details.get("counts", {}),
        seconds=manifest.seconds,
        devices=details.get("devices", []),
        created=manifest.created,
        parts=details.get("parts", {}),
        fingerprint=manifest.fingerprint,
        versions=manifest.versions,
        settings=manifest.ingredients.get("settings", {}),
        is_adopted=bool(manifest.adopted_from),
    )
