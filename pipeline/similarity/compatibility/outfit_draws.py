"""Fill-in-the-blank questions and replaced outfits (Vasileva et al., 2018): same-type items drawn by key.

Draws are keyed by seed and outfit and taken from ids in order, so they do not depend on the order of images or
outfits. Must not import torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.randomness import keyed_rng

CHOICES = 4


@dataclass(frozen=True)
class OutfitPool:
    """The outfits of a split, and the images that may stand in.

    Attributes:
        types_n: item type of each image.
        image_ids_n: id of each image.
        outfits: int64 positions of each outfit's images.
        outfit_ids: id of each outfit.
    """

    types_n: Sequence[str]
    image_ids_n: Sequence[str]
    outfits: Sequence[np.ndarray]
    outfit_ids: Sequence[str]

    def images_by_type(self) -> dict[str, np.ndarray]:
        """Return, for each type, the positions of the images that some outfit holds, in order of their ids."""
        worn = sorted({position for members in self.outfits for position in members.tolist()}, key=self._id)
        by_type: dict[str, list[int]] = {}
        for position in worn:
            by_type.setdefault(self.types_n[position], []).append(position)
        return {name: np.array(positions, dtype=np.int64) for name, positions in by_type.items()}

    def _id(self, position: int) -> str:
        return self.image_ids_n[position]


@dataclass(frozen=True)
class BlankQuestion:
    """An outfit with one item taken out.

    Attributes:
        outfit: number of the outfit.
        shown: int64 positions of the items that remain.
        choices: int64 positions of the candidates, all of one type; the first is the item that was taken out.
    """

    outfit: int
    shown: np.ndarray
    choices: np.ndarray


@dataclass(frozen=True)
class ReplacedOutfit:
    """An outfit, and the same with every item replaced by another of its type.

    Attributes:
        outfit: number of the outfit.
        items: int64 positions of its items.
        replaced: int64 positions of the items that replace them, in the same order.
    """

    outfit: int
    items: np.ndarray
    replaced: np.ndarray


def blank_questions(pool: OutfitPool, seed: int, choices: int = CHOICES) -> list[BlankQuestion]:
    """Return a question for each outfit of two items or more, one of whose types has enough other images.

    The item taken out is drawn among those whose type has `choices` - 1 images outside the outfit.

    Args:
        pool: outfits to ask about.
        seed: of the draws.
        choices: candidates of a question, the right one among them.
    """
    by_type = pool.images_by_type()
    questions = []
    for number, members in enumerate(pool.outfits):
        items = np.array(sorted(set(members.tolist()), key=pool.image_ids_n.__getitem__), dtype=np.int64)
        others = [_outside(by_type[pool.types_n[item]], items) for item in items.tolist()]
        askable = [place for place, found in enumerate(others) if len(found) >= choices - 1]
        if len(items) < 2 or not askable:
            continue
        rng = keyed_rng(seed, "fill in the blank", pool.outfit_ids[number])
        blank = askable[int(rng.integers(len(askable)))]
        distractors = rng.choice(others[blank], size=choices - 1, replace=False)
        shown = np.delete(items, blank)
        questions.append(BlankQuestion(number, shown, np.concatenate([items[blank : blank + 1], distractors])))
    return questions


def replaced_outfits(pool: OutfitPool, seed: int) -> list[ReplacedOutfit]:
    """Return each outfit of two items or more with all of its items replaced, where its types have enough images."""
    by_type = pool.images_by_type()
    found = []
    for number, members in enumerate(pool.outfits):
        items = np.array(sorted(set(members.tolist()), key=pool.image_ids_n.__getitem__), dtype=np.int64)
        if len(items) < 2:
            continue
        rng = keyed_rng(seed, "replaced outfit", pool.outfit_ids[number])
        replaced: list[int] = []
        for item in items.tolist():
            candidates = _outside(by_type[pool.types_n[item]], np.concatenate([items, np.array(replaced, np.int64)]))
            if len(candidates):
                replaced.append(int(rng.choice(candidates)))
        if len(replaced) == len(items):
            found.append(ReplacedOutfit(number, items, np.array(replaced, dtype=np.int64)))
    return found


def _outside(candidates: np.ndarray, items: np.ndarray) -> np.ndarray:
    return candidates[~np.isin(candidates, items)]
