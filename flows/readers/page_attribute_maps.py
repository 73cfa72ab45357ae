"""Maps of the attributes that answer, for pages of pairs: read once a process.

They are one part over all pairs, and a run has thousands of shards of pages.
"""

from functools import lru_cache

from flows.engine.upstream import Upstream
from flows.readers.named_results import named_results
from flows.readers.saliency_maps import ATTRIBUTE_MAPS, AttributeMaps, stored_attribute_maps


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
    return stored_attribute_maps(named_results(store_root, [(ATTRIBUTE_MAPS, fingerprint)]))
