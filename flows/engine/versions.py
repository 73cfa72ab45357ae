"""The versions of the packages that results depend on."""

import importlib.metadata
from functools import lru_cache

RECORDED_PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "zarr",
    "pyarrow",
    "scikit-learn",
    "pytorch-metric-learning",
)


@lru_cache(maxsize=1)
def package_versions() -> dict[str, str]:
    """Return the version of each recorded package."""
    return {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES}
