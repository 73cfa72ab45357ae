"""Starting a Prefect flow from a command; Prefect is imported when a flow is really run, and not before."""

import os
from pathlib import Path

from flows.engine.run import FinishedRun
from flows.settings.asked_run import AskedRun

# Read by Prefect when it is imported; what the user has set stays. The console shows one readable error instead of
# Prefect's tracebacks, the server still gets every log line. Prefect's own server may start slowly on a busy machine.
PREFECT_ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}


def run_as_flow(asked: AskedRun, config: Path) -> FinishedRun:
    """Run one seed as a flow run in this process and return what was done for each stage.

    Args:
        asked: what to run; its `overrides` are those that made its settings from the file.
        config: the configuration file.

    Raises:
        PipelineError, StoreError: of the first stage that fails.
    """
    for name, value in PREFECT_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from flows.prefect_flows.explain_similarity import run_through_prefect

    return run_through_prefect(asked, config)
