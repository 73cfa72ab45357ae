"""The artifacts of a recorded run, read through its manifests alone: no plan, no dataset, whatever code is now."""

from flows.engine.errors import BadRequest
from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact
from stores.manifests import Manifest
from stores.run_records import DONE, RunRecord, list_runs

LATEST = "latest"


def artifacts_of_run(store: ArtifactStore, chosen: str) -> list[tuple[int, Upstream]]:
    """Return a reader of the results that a run used, with its seed; for a name, one for each seed.

    Args:
        store: where the run is recorded.
        chosen: a run's id; a name, which stands for the newest run of each seed that has it; or "latest", the run
            that was done last. Of several runs those that are done come before others.

    Raises:
        BadRequest: there is no such run.
        MissingArtifact: a result of the run is gone.
        StoreError: a record or a manifest cannot be read.
    """
    return [(run.seed, _reader(store, run)) for run in _runs_meant(list_runs(store.root), chosen)]


def _runs_meant(runs: list[RunRecord], chosen: str) -> list[RunRecord]:
    if chosen == LATEST:
        meant = [run for run in runs if run.state == DONE][-1:]
    else:
        meant = [run for run in runs if chosen in (run.run_id, run.name)] if chosen else []
    if not meant:
        names = sorted({run.name for run in runs if run.name})
        raise BadRequest(
            expected=f"{LATEST}, the id of a run, or a name: {', '.join(names) or '(no run has one)'}",
            found=f"{chosen!r}; {len(runs)} runs are recorded, {sum(run.state == DONE for run in runs)} are done",
            where="--run",
            remedy="sane query CONFIG 'select run_id, name, seed, started, state from runs' lists them",
        )
    by_seed: dict[int, RunRecord] = {}
    for run in sorted(meant, key=lambda run: (run.state == DONE, run.run_id)):
        by_seed[run.seed] = run
    return [by_seed[seed] for seed in sorted(by_seed)]


def _reader(store: ArtifactStore, run: RunRecord) -> Upstream:
    manifests: dict[str, Manifest] = {}
    for stage, fingerprint in run.artifacts.items():
        manifest = store.read_manifest(stage, fingerprint)
        if manifest is None:
            raise MissingArtifact(
                expected=f"the result of {stage} that run {run.run_id} used",
                found="none: it was collected, or computed again with --force",
                where=store.manifest_file(stage, fingerprint).url,
                remedy="choose another run; sane run CONFIG --name NAME keeps the results of a run",
            )
        manifests[stage] = manifest
    return Upstream(store, manifests)
