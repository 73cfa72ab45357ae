"""Groups of images that are passed under RISE's masks once, for the effects of their cells: inputs and costs."""

from collections.abc import Sequence
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardExtent, Work
from flows.stages.facts import Facts
from flows.stages.query_groups import pixel_digests
from pipeline.saliency.catalogue import query_perturbations
from stores.fingerprints import fingerprint

RISE = "rise"
IMAGES_PER_SHARD = 8
FLOAT16_BYTES = 2


class MaskedImages:
    """What groups of a split's images depend on, and where what they need lies.

    Args:
        upstream: holds the images, and the perturbed embeddings that the stage's setting `perturbed` names.
        stage: whose setting `split` says which images.
    """

    def __init__(self, upstream: Upstream, stage: Stage) -> None:
        split = stage.settings["split"]
        self.pixels = pixel_digests(upstream, split)
        self._image_shards = upstream.shard_of_rows("images", "images", "image_id", split)
        self._kept = _kept_shards(upstream, stage)

    def inputs(self, images: Sequence[str]) -> dict[str, Any]:
        """Return digests of the images' pixels, and of what is kept of them."""
        found = {"images": fingerprint([[image, self.pixels[image]] for image in images])}
        kept = [[image, self._kept[image][1]] for image in images if image in self._kept]
        return {**found, "perturbed": fingerprint(kept)} if kept else found

    def work(self, images: Sequence[str]) -> dict[str, Any]:
        """Return the shards of the images' pixels and of their kept embeddings, by image."""
        return {
            "image_shards": {image: self._image_shards[image] for image in images},
            "perturbed_shards": {image: self._kept[image][0] for image in images if image in self._kept},
        }

    def extent(self, images: Sequence[str], rows: int) -> ShardExtent:
        """Return so many rows of these images; those that are kept are not passed."""
        return ShardExtent(rows, tuple((image, int(image not in self._kept)) for image in images))


def _kept_shards(upstream: Upstream, stage: Stage) -> dict[str, tuple[str, str]]:
    """Return, for each query whose perturbed embeddings are kept, the shard that holds them and their digest."""
    name = stage.settings.get("perturbed")
    if name is None:
        return {}
    shard_of = upstream.shard_of_rows(name, "queries", "query")
    digests = {commit.shard_key: commit.parts["embeddings"].digest for commit in upstream.commits(name)}
    return {query: (key, digests[key]) for query, key in shard_of.items()}


def expected_masked_images(stage: Stage, facts: Facts) -> list[ShardExtent]:
    """Return extents before the matches are known: as if every image of the split were in one, in one row.

    Without a number of rows, which tells that they are bounds.
    """
    images = [row["image_id"] for row in facts.rows(str(stage.settings["split"]))]
    groups = content_defined_shards(images, average=IMAGES_PER_SHARD)
    return [ShardExtent(groups=tuple((image, 1) for image in group)) for group in groups]


def masked_images_work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    """Return the passes of a group of images, and the bytes of the effects of their cells."""
    length = facts.embedding_dim
    passes = extent.members * query_perturbations(RISE, stage.settings["spec"])
    rows = extent.items or len(extent.groups)
    return Work(
        passes,
        rates={"forward_image": passes, "read_part": 2 * len(extent.groups)},
        array_bytes=None if length is None else FLOAT16_BYTES * rows * stage.settings["cells"] ** 2 * length,
        is_upper_bound=not extent.items or not facts.images_are_certain,
        loads_torch=True,
    )
