"""One run at a time on a stage: take its lease, or wait until the run that holds it is done or dead."""

import time
from collections.abc import Callable, Mapping

from flows.engine.plan import StagePlan, plan_stage
from stores.artifacts import ArtifactStore
from stores.leases import HeldLease, Lease, acquire
from stores.manifests import Manifest

SECONDS_BETWEEN_LOOKS = 1.0


def acquire_stage_lock(
    plan: StagePlan,
    store: ArtifactStore,
    manifests: Mapping[str, Manifest],
    run_id: str,
    notify_waiting: Callable[[StagePlan, Lease], None],
) -> tuple[HeldLease, StagePlan]:
    """Return the lease of a planned stage, held, and the stage's plan as it is then.

    Args:
        plan: of a stage that is neither current nor pending.
        store: where it is made.
        manifests: of the stages that the run has been through; the lease covers them.
        run_id: the run that asks; a lease of the same run is joined.
        notify_waiting: called once for each other run that has to be waited for.

    Raises:
        StoreError: the store cannot be written, or another run's result cannot be read.
    """
    covers = {name: manifest.fingerprint for name, manifest in manifests.items()}
    told = ""
    while True:
        lease = acquire(store.root, run_id, plan.stage.name, str(plan.fingerprint), covers)
        if isinstance(lease, HeldLease):
            break
        if lease.run_id != told:
            notify_waiting(plan, lease)
            told = lease.run_id
        time.sleep(SECONDS_BETWEEN_LOOKS)
    try:
        # The other run may have finished the stage, or some of its shards, since it was planned.
        if told or store.read_manifest(plan.stage.name, str(plan.fingerprint)) is not None:
            plan = plan_stage(plan.stage, store, manifests)
    except BaseException:
        lease.release()
        raise
    return lease, plan


def waiting_text(plan: StagePlan, lease: Lease) -> str:
    """Return a line for the user who waits for another run."""
    return (
        f"{plan.stage.name}: run {lease.run_id} on {lease.sign.host} (process {lease.sign.pid}) has worked on it"
        f" since {lease.started}; waiting; it goes on when that run is done or dead"
    )
