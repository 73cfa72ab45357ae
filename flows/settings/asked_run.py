"""What a user asks of a run on the command line or in a deployment, beside the configuration."""

from dataclasses import dataclass

from flows.settings.configuration import Settings


@dataclass(frozen=True)
class AskedRun:
    """A run of one seed as it is asked for.

    Attributes:
        settings: of one seed, or of all before they are gone through one by one.
        until: last stage instance to run, or None.
        force: stage instances to compute again even where they are current.
        adopt: stage instances whose result is kept although code changed, on the user's word, or "all".
        overrides: the key=value that made the settings from their file; a flow run reads the file again.
        name: given by the user; it pins the results. May be empty.
        config: the configuration file as the user named it, for the record of the run.
        run_id: the run that this is a part of, which keeps the record; empty for a run of its own.
    """

    settings: Settings
    until: str | None = None
    force: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    name: str = ""
    config: str = ""
    run_id: str = ""
