"""Maps of the attributes that answer, for pages of pairs: read once a process.

They are one part over all pairs, and a run has thousands of shards of pages.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.saliency_maps import ATTRIBUTE_MAPS
from stores.artifacts import ArtifactStore
from stores.errors import MissingArtifact

AttributeMaps = Mapping[tuple[str, str], np.ndarray]


def read_page_attribute_maps(upstream: Upstream) -> AttributeMaps:
    """Return float16 maps (y, x) over the model's view of the query, by query and attribute; none where none are made.

    Raises:
        StoreError: they cannot be read.
    """
    if ATTRIBUTE_MAPS not in upstream.manifests:
        return {}
    return _read(upstream.store.root.address, upstream.manifests[ATTRIBUTE_MAPS].fingerprint)


@lru_cache(maxsize=1)
def _read(store_root: str, fingerprint: str) -> AttributeMaps:
    store = ArtifactStore(store_root)
    manifest = store.read_manifest(ATTRIBUTE_MAPS, fingerprint)
    if manifest is None:
        raise MissingArtifact(
            expected=f"the manifest {fingerprint[:12]} of {ATTRIBUTE_MAPS}",
            found="none",
            where=store.root.url,
            remedy="was the store cleaned while this run went on? Run again",
        )
    upstream = Upstream(store, {ATTRIBUTE_MAPS: manifest})
    maps_nyx = upstream.arrays(ATTRIBUTE_MAPS, "maps", "maps")
    rows = upstream.rows(ATTRIBUTE_MAPS, "attribute_map_rows")
    return {(row["query"], row["attribute"]): maps_nyx[row["row"]] for row in rows}
