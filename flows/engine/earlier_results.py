"""Which earlier result a stage is compared with to say what changed: one of its own configuration, else the newest."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.fingerprints import changed_ingredients
from stores.manifests import Manifest
from stores.run_records import RunRecord, list_runs

# What upstream results are is no choice of a configuration, and shards are the consequence of the rest.
NOT_CHOSEN = ("inputs", "shards")


class EarlierResults:
    """The results that a store holds beside the wanted ones; records of runs tell whose they are.

    Args:
        store: where they lie.
        config: the configuration file as the user names it; empty: results of any are alike.
        seed: of the run; None: of any.
    """

    def __init__(self, store: ArtifactStore, config: str = "", seed: int | None = None) -> None:
        self._store = store
        self._config = config
        self._seed = seed

    def of(self, stage: str, ingredients: Mapping[str, Any]) -> Manifest | None:
        """Return the result to compare a stage with: the least different one that runs of this configuration used.

        Of equals that which was used last; where there is none the newest of all, whatever made it; None without any.

        Raises:
            CorruptArtifact: a result is damaged.
        """
        own = [run.artifacts[stage] for run in self._runs if stage in run.artifacts and self._is_own(run)]
        found = (self._store.read_manifest(stage, fingerprint) for fingerprint in dict.fromkeys(reversed(own)))
        kept = [manifest for manifest in found if manifest is not None]
        if not kept:
            return self._store.latest_manifest(stage)
        return min(kept, key=lambda manifest: _differences(manifest, ingredients))

    def upstream_of(self, result: Manifest) -> dict[str, str]:
        """Return the fingerprint of each upstream result that a result was last found current with.

        The newest run of this configuration that used the result tells, else the newest of any; where none does, those
        that it was made from.
        """
        users = [run for run in self._runs if run.artifacts.get(result.stage) == result.fingerprint]
        users = [run for run in users if self._is_own(run)] or users
        used = users[-1].artifacts if users else {}
        return {name: used.get(name, made_from) for name, made_from in result.upstream.items()}

    def last_user(self, stage: str) -> str:
        """Return the newest run that used a result of the stage, whether or not it is still there; empty: none did."""
        return next((run.run_id for run in reversed(self._runs) if stage in run.artifacts), "")

    @cached_property
    def _runs(self) -> list[RunRecord]:
        try:
            return list_runs(self._store.root)
        except StoreError:
            return []  # they only choose words; `sane verify` names what is damaged

    def _is_own(self, run: RunRecord) -> bool:
        if not self._config or not run.config or (self._seed is not None and run.seed != self._seed):
            return False
        return run.config == self._config or Path(run.config).resolve() == Path(self._config).resolve()


def _differences(manifest: Manifest, ingredients: Mapping[str, Any]) -> int:
    wanted = {name: value for name, value in ingredients.items() if name not in NOT_CHOSEN}
    return len(changed_ingredients({name: manifest.ingredients.get(name) for name in wanted}, wanted))
