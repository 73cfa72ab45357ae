"""A planted configuration small enough for tests: the whole graph in well under a minute on one core."""

from pathlib import Path

CONFIG = """
seed = 0
[dataset]
kind = "planted"
image_size_px = 32
train_items = 150
valid_items = 50
test_items = 50
[store]
root = "store"
[similarity_model]
network = "small_residual"
epochs = 2
[pairs]
train_references = 2
references = 3
valid = 60
test = 45
[saliency.rise]
masks = 40
supervision_masks = 30
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
