"""A few pairs that the report shows under every generator."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.engine.upstream import Upstream
from flows.readers.saliency_maps import maps_stage, read_maps
from flows.readers.shown_images import ShownImages
from pipeline.report.evidence import GalleryPair
from pipeline.report.gallery import choose_gallery


def gallery_pairs(
    upstream: Upstream,
    generators: Sequence[tuple[str, str]],
    labels: Mapping[str, str],
    similarities: Mapping[str, float],
    images: ShownImages,
    seed: int,
) -> list[GalleryPair]:
    """Return a few test pairs with their maps by every generator and mode; of pairs that all of these have, if any."""
    made = [key for key in generators if maps_stage(*key) in upstream.manifests]
    if len(made) < 2:
        return []
    pairs = upstream.rows("pairs.test", "pairs")
    covered = [set(upstream.table(maps_stage(*key), "map_rows")["pair_id"].to_pylist()) for key in made]
    shared = set.intersection(*covered)
    candidates: list[dict[str, Any]] = [pair for pair in pairs if pair["pair_id"] in shared] or pairs
    chosen = choose_gallery(candidates, labels, seed)
    maps = {key: read_maps(upstream, *key, [pair["pair_id"] for pair in chosen]) for key in made}
    return [
        GalleryPair(
            images.of(pair["query"]),
            images.of(pair["reference"]),
            similarities.get(pair["pair_id"]),
            {key: found[pair["pair_id"]] for key, found in maps.items() if pair["pair_id"] in found},
        )
        for pair in chosen
    ]
