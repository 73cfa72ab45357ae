"""Which failures of a shard may pass, and how often it is tried again."""

from stores.errors import CorruptArtifact, MissingArtifact, SchemaMismatch, StoreError

LASTING = (CorruptArtifact, MissingArtifact, SchemaMismatch)
RETRIES = 2
SECONDS_BEFORE_RETRY = (2.0, 10.0)


def is_transient(error: object) -> bool:
    """Return whether a failed shard may succeed on another try.

    True for a store that cannot be reached or written just now. False for what another try cannot mend: damaged
    or missing artifacts, refused data or settings (PipelineError), and errors of the program.
    """
    return isinstance(error, StoreError | OSError) and not isinstance(error, LASTING)
