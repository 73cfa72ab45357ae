"""Current tables by name, as `sane query` has them; only the stages that feed a table are read."""

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows.commands.absent_tables import absent_table
from flows.commands.partial_tables import partial_tables, refuse_partial_tables
from flows.commands.query import read_tables
from flows.configured_runs import ConfiguredRun
from flows.engine.history_tables import RUNTIME, history_tables
from flows.engine.plan import StagePlan
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from pipeline.errors import BadSetting
from stores.manifests import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

CLOSE_NAMES_SHOWN = 3


class CurrentTables:
    """The tables of all stages that are current, of every seed.

    Args:
        settings: of all seeds.
        planned: each seed's run with the plans of all its stages.
        readers: each seed's reader of current results, in the same order.
    """

    def __init__(
        self,
        settings: Settings,
        planned: Sequence[tuple[ConfiguredRun, Sequence[StagePlan]]],
        readers: Sequence[Upstream],
    ) -> None:
        self._settings = settings
        self._plans = [(run.seed, plans) for run, plans in planned]
        self._readers = [(run.seed, reader) for (run, _), reader in zip(planned, readers, strict=True)]
        self._store = planned[0][0].store

    def names(self) -> list[str]:
        """Return the names of all tables that there are, sorted; no shard is read."""
        manifests = [manifest for _, reader in self._readers for manifest in reader.manifests.values()]
        made = set().union(*map(_tables_of, manifests)) if manifests else set()
        return sorted(made | set(history_tables(self._store)) | ({RUNTIME.name} if manifests else set()))

    def table(self, name: str, stale_ok: bool) -> "pa.Table":
        """Return a table over all stages and seeds that feed it; with several seeds it has a column `seed`.

        Args:
            name: one of `names`.
            stale_ok: return it although rows of stages that are not current are missing.

        Raises:
            BadSetting: there is no such table, or rows of it are missing.
            StoreError: the store cannot be read.
        """
        if name not in self.names():
            raise absent_table(self._settings, name, None) or self._unknown(name)
        if not stale_ok and (found := partial_tables(self._plans, {name})):
            refuse_partial_tables(found)
        feeding = [(seed, reader.sharing(_feeding(reader, name))) for seed, reader in self._readers]
        return read_tables(feeding, self._settings.store.root, {name})[name]

    def _unknown(self, name: str) -> BadSetting:
        close = difflib.get_close_matches(name, self.names(), n=CLOSE_NAMES_SHOWN)
        return BadSetting(
            expected="the name of a table",
            found=repr(name),
            where="the results that are current",
            remedy=(f"did you mean {', '.join(close)}? " if close else "") + "tables() lists them",
        )


def _feeding(reader: Upstream, name: str) -> dict[str, Manifest]:
    """Return the results that hold rows of a table; `runtime` has one for each shard of all."""
    manifests = reader.manifests
    return {stage: found for stage, found in manifests.items() if name == RUNTIME.name or name in _tables_of(found)}


def _tables_of(manifest: Manifest) -> set[str]:
    return {part["table"] for part in manifest.details.get("parts", {}).values() if part.get("table")}
