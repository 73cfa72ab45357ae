"""Small pools of images with duplicates, ties, types and an attribute that all images have."""

from dataclasses import dataclass

import numpy as np

import tests.oracles.attribute_replacements as oracle
from pipeline.evaluation.replacements.attribute_effects import AttributeEffects
from pipeline.evaluation.replacements.pool import ReplacedPairs, ReplacementPool, ReplacementReason

KINDS = ("deletion", "insertion", "matched")


@dataclass(frozen=True)
class Case:
    pool: ReplacementPool
    pairs: ReplacedPairs
    logits: list[np.ndarray]


def make_case(seed: int, n_images: int = 24, n_pairs: int = 8, n_types: int = 1, conditions: int = 0) -> Case:
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(n_images, 5)).astype(np.float32)
    groups = np.arange(n_images)
    labels = rng.random((n_images, 5)) < 0.5
    labels[:, -1] = True
    # One attribute that few images have, so that there are too few of them.
    labels[:, -2] = False
    labels[rng.choice(n_images, size=3, replace=False), -2] = True
    logits = [rng.normal(size=labels.shape) + 2 * labels for _ in range(2)]
    # Images with the same pixels, and images that merely lie in the same place: a tie.
    groups[5], embeddings[5] = groups[4], embeddings[4]
    embeddings[9], labels[9] = embeddings[8], labels[8]
    for one in logits:
        one[5], one[9] = one[4], one[8]
        one[:, 0] = np.round(one[:, 0])
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    query = rng.integers(0, n_images, size=n_pairs)
    reference = (query + rng.integers(1, n_images, size=n_pairs)) % n_images
    # Two pairs of one query, one of them with a near image as reference; and queries with a duplicate.
    query[:4], reference[:4] = (4, 8, 8, 7), (8, 5, 9, 4)
    types = rng.integers(0, n_types, size=n_images)
    masks = None if not conditions else rng.uniform(0.1, 1, (conditions, 5))[rng.integers(0, conditions, n_pairs)]
    return Case(
        ReplacementPool(embeddings, labels, labels, groups, types), ReplacedPairs(query, reference, masks), logits
    )


def assert_as_the_oracle(case: Case, found: AttributeEffects, n_replacements: int) -> None:
    """Compare images, reasons, effects and distances of every pair and attribute with a full search."""
    pool, pairs = case.pool, case.pairs
    for p in range(pairs.query_p.size):
        mask = None if pairs.condition_masks_pd is None else pairs.condition_masks_pd[p]
        query, reference = int(pairs.query_p[p]), int(pairs.reference_p[p])
        for a in range(pool.has_na.shape[1]):
            asked = (
                pool.embeddings_nd,
                case.logits,
                pool.has_na,
                query,
                reference,
                pool.duplicate_group_n,
                pool.type_n,
                a,
                n_replacements,
                mask,
            )
            expected = oracle.effects(*asked)
            halves_2pa = found.matched.half_effect_2pa
            assert halves_2pa is not None
            wanted_halves = [np.nan if x is None else x for x in oracle.halves(*asked)]
            np.testing.assert_allclose(halves_2pa[:, p, a], wanted_halves, atol=2e-7)
            for kind in KINDS:
                images, reason, effect, distance, difference = expected[kind]
                one = getattr(found, kind)
                listed = one.replacement_pak[p, a]
                assert listed[listed >= 0].tolist() == images, (kind, p, a)
                assert (listed[len(images) :] == -1).all()
                assert ReplacementReason(one.reason_pa[p, a]).name.lower() == reason, (kind, p, a)
                values = [one.effect_pa[p, a], one.distance_pa[p, a]]
                wanted = [effect, distance]
                if kind == "matched":
                    values.append(one.distance_difference_pa[p, a])
                    wanted.append(difference)
                np.testing.assert_allclose(values, [np.nan if x is None else x for x in wanted], atol=2e-7)
