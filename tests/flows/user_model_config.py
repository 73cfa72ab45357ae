"""The small planted configuration of the tests with a user's model in it."""

from pathlib import Path

from tests.flows.planted_config import CONFIG
from tests.flows.run_cases import FinishedRun

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HISTOGRAM = 'factory = "colour_histogram:build"\narray_type = "numpy"'


def user_model_run(folder: Path, keys: str, code: dict[str, str] | None = None) -> FinishedRun:
    """Write a configuration with these keys below [similarity_model], and files beside it; nothing is run."""
    head, _, rest = CONFIG.strip().partition("[similarity_model]")
    tail = rest[rest.index("[pairs]") :]
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (code or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    config = folder / "user.toml"
    config.write_text(f'{head}[similarity_model]\nkind = "user"\n{keys}\n{tail}\n')
    return FinishedRun(config)


def histogram_run(folder: Path) -> FinishedRun:
    """Return a run of the example that is no neural network, its code beside the configuration."""
    return user_model_run(folder, HISTOGRAM, {"colour_histogram.py": (EXAMPLES / "colour_histogram.py").read_text()})
