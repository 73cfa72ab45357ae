"""Which outfits form a step, and which triplets they give; every draw is keyed by seed, epoch and step.

The images of a step are embedded once and shared by all of its triplets: negatives come from the other outfits of
the step. An epoch so passes as many images as its outfits hold, where three passes a triplet would be some ten times
as many.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.datasets.outfits import condition_name
from pipeline.randomness import keyed_rng
from pipeline.similarity.type_aware.losses import Triplets
from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels, outfit_steps, usable_outfits


@dataclass(frozen=True)
class OutfitGraph:
    """What the draws of negatives need to know of a training set.

    Attributes:
        type_n: int64 number of each image's type.
        condition_uv: int64 (type, type), the condition of two types, -1 where they have no mask.
        partners_n: for each image, the sorted positions of all images that share an outfit with it, itself included.
    """

    type_n: np.ndarray
    condition_uv: np.ndarray
    partners_n: tuple[np.ndarray, ...]


def build_outfit_graph(data: OutfitPixels, conditions: Sequence[str]) -> OutfitGraph:
    """Return types, conditions and partners of a training set as numbers."""
    names, type_n = np.unique(np.array(data.types_n, dtype=str), return_inverse=True)
    number = {name: position for position, name in enumerate(conditions)}
    condition_uv = np.array(
        [[number.get(condition_name(str(one), str(other)), -1) for other in names] for one in names], dtype=np.int64
    )
    partners: list[set[int]] = [{position} for position in range(len(type_n))]
    for members in data.outfits:
        for position in members.tolist():
            partners[position].update(members.tolist())
    sorted_partners = tuple(np.array(sorted(found), dtype=np.int64) for found in partners)
    return OutfitGraph(type_n.astype(np.int64), condition_uv, sorted_partners)


def epoch_outfits(data: OutfitPixels, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Return the outfits of each step, int64 numbers: every usable outfit once, in an order keyed by the epoch."""
    usable = np.array(usable_outfits(data.outfits), dtype=np.int64)
    order = usable[keyed_rng(seed, "outfits", epoch).permutation(len(usable))]
    return np.array_split(order, outfit_steps([len(members) for members in data.outfits], batch_size))


def step_rows(data: OutfitPixels, outfits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the image and the outfit of each row of a step; an image of two outfits has two rows."""
    members = [data.outfits[number] for number in outfits.tolist()]
    return np.concatenate(members), np.repeat(outfits, [len(rows) for rows in members])


def step_triplets(
    graph: OutfitGraph, images_b: np.ndarray, outfits_b: np.ndarray, negatives: int, key: Sequence[object]
) -> Triplets:
    """Return every ordered pair of images of one outfit, with up to `negatives` drawn negatives each.

    A negative is a row of the positive's type whose image shares no outfit with the anchor. Pairs without one, and
    pairs of types without a mask, are left out.

    Args:
        graph: of the training set.
        images_b: image of each row.
        outfits_b: outfit of each row.
        negatives: most negatives of a pair.
        key: of the draws.
    """
    anchor_p, positive_p = np.nonzero(outfits_b[:, None] == outfits_b)
    type_b = graph.type_n[images_b]
    has_mask = graph.condition_uv[type_b[anchor_p], type_b[positive_p]] >= 0
    is_pair = (images_b[anchor_p] != images_b[positive_p]) & has_mask
    anchor_p, positive_p = anchor_p[is_pair], positive_p[is_pair]
    strangers_bb = np.stack([~np.isin(images_b, graph.partners_n[image]) for image in images_b.tolist()])
    allowed_pb = strangers_bb[anchor_p] & (type_b[positive_p][:, None] == type_b)
    # The allowed rows with the largest draws are a random choice without repetition.
    drawn_pb = np.where(allowed_pb, keyed_rng(*key).random(allowed_pb.shape), -1.0)
    chosen_pm = np.argsort(-drawn_pb, axis=1, kind="stable")[:, :negatives]
    pair_t, place_t = np.nonzero(np.take_along_axis(allowed_pb, chosen_pm, axis=1))
    anchor_t, positive_t = anchor_p[pair_t], positive_p[pair_t]
    types_t = type_b[anchor_t], type_b[positive_t]
    return Triplets(
        anchor_t,
        positive_t,
        chosen_pm[pair_t, place_t],
        graph.condition_uv[types_t],
        types_t[0] != types_t[1],
    )
