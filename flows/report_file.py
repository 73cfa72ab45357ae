"""The finished report as one file where people look for it."""

from pathlib import Path

from flows.plan import plan_stages
from flows.settings import Settings
from flows.stages import build_stages
from flows.upstream import Upstream
from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact


def write_report(settings: Settings, output: Path | None) -> str:
    """Copy the current report out of the store and return the copy's path.

    Args:
        settings: of one seed.
        output: the file; None puts it at the top of the store, as report-seed<N>.html.

    Raises:
        MissingArtifact: the report is not current.
    """
    store = ArtifactStore(settings.store.root)
    plans = plan_stages(build_stages(settings), store)
    manifests = {plan.stage.name: plan.manifest for plan in plans if plan.manifest is not None}
    if "report" not in manifests:
        state = next(plan.state for plan in plans if plan.stage.name == "report")
        raise MissingArtifact(
            expected="a finished run",
            found=f"the stage report is {state}",
            where=settings.store.root,
            remedy="run it first: sane run CONFIG; sane status CONFIG says what is missing",
        )
    commit = Upstream(store, manifests).commits("report")[0]
    data = store.read_part_file(commit, "report")
    if output is not None:
        output.write_bytes(data)
        return str(output)
    place = store.root.child(f"report-seed{settings.seed}.html")
    place.replace_bytes(data)
    return place.url
