"""A planted configuration small enough for tests: the whole graph in half a minute on one core."""

from pathlib import Path

CONFIG = """
seed = 0
[dataset]
kind = "planted"
image_size_px = 32
train_items = 150
valid_items = 40
test_items = 40
[store]
root = "store"
[similarity_model]
network = "small_residual"
epochs = 2
[pairs]
train_references = 2
references = 2
train = 30
valid = 24
test = 24
[saliency.rise]
modes = ["fixed"]
masks = 24
supervision_masks = 16
[attribute_model]
backbone = "small_residual"
epochs = 2
[evaluation]
bootstrap_samples = 100
[compute]
device = "cpu"
threads = 1
"""


def write_config(folder: Path, **replacements: str) -> Path:
    """Write the configuration into a folder; keyword arguments replace its lines by key."""
    lines = []
    for line in CONFIG.strip().splitlines():
        key = line.partition(" =")[0]
        lines.append(f"{key} = {replacements[key]}" if key in replacements and " = " in line else line)
    path = folder / "planted.toml"
    path.write_text("\n".join(lines) + "\n")
    return path
