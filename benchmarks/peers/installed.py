"""Which peers are here; one that is missing loses its rows, and is named."""

import sys
from importlib.metadata import version
from importlib.util import find_spec

# Module to import, and distribution that brings it.
PEERS = {
    "captum": "captum",
    "xaitk_saliency": "xaitk-saliency",
    "lime": "lime",
    "pytorch_grad_cam": "grad-cam",
    "distance_explainer": "distance-explainer",
}
REMEDY = 'uv pip install -e ".[peers]"'


def is_installed(module: str) -> bool:
    """Return whether a peer can be imported."""
    return find_spec(module) is not None


def announce_peers() -> None:
    """Print the versions of the peers that are here and, as errors, the names of those that are not."""
    for module, distribution in PEERS.items():
        if is_installed(module):
            print(f"{distribution} {version(distribution)}")
        else:
            print(f"{distribution} IS NOT INSTALLED: its rows are left out. Remedy: {REMEDY}", file=sys.stderr)
