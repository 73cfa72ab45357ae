"""A run writes its own record: started, which results, and how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flows.engine.errors import error_text
from stores.location import Location
from stores.run_records import DONE, FAILED, STOPPED, RunJournal, start_run


@dataclass(frozen=True)
class RecordedRun:
    """The run that goes on.

    Attributes:
        run_id: of the run.
        journal: its record; None for a part of a run whose record is kept elsewhere.
    """

    run_id: str
    journal: RunJournal | None

    def add_artifact(self, stage: str, fingerprint: str, made: bool) -> None:
        """Note a result; one that was made is written at once, one that was there with the next change."""
        if self.journal is not None:
            self.journal.add_artifact(stage, fingerprint)
            if made:
                self.journal.save()


@contextmanager
def recorded_run(root: Location, run_id: str, name: str, config: str, seed: int) -> Iterator[RecordedRun]:
    """Give the run that goes on inside, and write to its record how it ends.

    Args:
        root: of the store.
        run_id: empty for a run of its own; otherwise the run that this is a part of, which keeps the record.
        name: given by the user, may be empty.
        config: the configuration file as the user named it.
        seed: of the run.
    """
    if run_id:
        yield RecordedRun(run_id, None)
        return
    journal = start_run(root, name, config, seed)
    try:
        yield RecordedRun(journal.record.run_id, journal)
    except KeyboardInterrupt:
        journal.finish(STOPPED)
        raise
    except BaseException as error:
        journal.finish(FAILED, error_text(error))
        raise
    journal.finish(DONE)
