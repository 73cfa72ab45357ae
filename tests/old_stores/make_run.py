"""Makes the kept store of a whole run, with the program of another commit, so that later code proves that it adopts it.

    python -m tests.old_stores.make_run SOURCE tests/old_stores/run-0.1.tar.xz

SOURCE is a checkout of that commit; its packages have to be those of this Python. The archive holds the configuration,
the model that it explains, and the store. To keep it small, trained networks are narrow, images few and small, and the
report's file is left out: nothing reads it again. A kept run is never made again: that would prove nothing.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CONFIG = """\
seed = 0
[dataset]
kind = "planted"
image_size_px = 16
train_items = 16
valid_items = 12
test_items = 8
[store]
root = "store"
[similarity_model]
kind = "user"
factory = "mean_colours:build"
array_type = "numpy"
[pairs]
train_references = 1
references = 2
train = 8
valid = 12
test = 8
[saliency.rise]
modes = ["fixed"]
masks = 8
supervision_masks = 8
[attribute_model]
backbone = "small_residual"
epochs = 1
[explanation]
weight_grid_step = 0.5
[evaluation]
bootstrap_samples = 100
[compute]
device = "cpu"
threads = 1
"""

MODEL = '''\
"""A similarity model without weights: the mean colour of each quarter of an image."""

import numpy as np


class MeanColours:
    """Embeds an image as how far each quarter's mean colour is from white."""

    def embed(self, images_nchw: np.ndarray) -> np.ndarray:
        """Return float32 (image, 12) of float32 images (image, 3, y, x), values 0 to 1."""
        half = images_nchw.shape[2] // 2
        rows = (images_nchw[:, :, :half], images_nchw[:, :, half:])
        quarters = [quarter for row in rows for quarter in (row[..., :half], row[..., half:])]
        means = np.concatenate([1.01 - quarter.mean(axis=(2, 3)) for quarter in quarters], axis=1)
        return means.astype(np.float32)


def build() -> MeanColours:
    """Return the model."""
    return MeanColours()
'''

# Runs the program of the other commit with eight channels wherever its small network has up to 128.
NARROW_RUN = """\
from torch import nn
from pipeline import networks

def narrow(pretrained):
    stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
    return networks.Trunk(nn.Sequential(stem, *[networks.ResidualBlock(8, 8, 2) for _ in range(3)]), channels=8)

networks._build_small_residual = narrow
from flows.cli import main
main()
"""


def make_run(source: Path, archive: Path) -> None:
    """Run the program of a checkout and pack what the run has left."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "planted.toml").write_text(CONFIG)
        (folder / "mean_colours.py").write_text(MODEL)
        words = [sys.executable, "-c", NARROW_RUN, "run", "planted.toml"]
        subprocess.run(words, cwd=folder, env={**os.environ, "PYTHONPATH": str(source)}, check=True)
        files = sorted(path for path in folder.rglob("*") if path.is_file() and _is_kept(path.relative_to(folder)))
        with tarfile.open(archive, "w:xz", preset=9) as packed:
            for path in files:
                _add(packed, str(path.relative_to(folder)), path.read_bytes())


def _is_kept(path: Path) -> bool:
    """Leave out what says where and by whom the run was made, and what is large."""
    foreign = path.parts[0] == "store" and path.parts[1] in ("runs", "leases", "logs")
    return not foreign and path.suffix not in (".html", ".pyc")


def _add(packed: tarfile.TarFile, name: str, data: bytes) -> None:
    # No owner and no time: they would tell of the machine.
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    packed.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    make_run(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
