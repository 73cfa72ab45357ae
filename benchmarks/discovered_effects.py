"""What scores owe to the attributes of a vocabulary: removal, insertion, deletion and matched effects (section 6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.discovered_truth import Vocabulary
from flows.engine.upstream import Upstream
from flows.readers.clusters import read_pair_clusters
from flows.readers.conditions import read_condition_masks
from flows.readers.pair_frame import PairFrame, read_attribute_logits, read_embeddings
from flows.settings.configuration import Settings
from flows.stages.conditions import has_conditions, has_outfits
from flows.stages.replacements import has_sparse_labels
from pipeline.datasets.declaration import QUERY
from pipeline.evaluation.bootstrap import Interval, Resampling, clustered_interval
from pipeline.evaluation.comparisons import Difference, paired_comparisons
from pipeline.evaluation.replacements.attribute_effects import attribute_effects
from pipeline.evaluation.replacements.attribute_space import AttributeSpace, attribute_space
from pipeline.evaluation.replacements.pool import ReplacedPairs, ReplacementPool
from pipeline.evaluation.replacements.presence import presence_by_score
from pipeline.evaluation.replacements.removal import removal_replacements
from pipeline.explanation.answer.naming import NOTHING_NAMED, named_among
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.pair_effects import EmbeddedPairs, pair_effects
from pipeline.similarity.conditions import ConditionMasks


@dataclass(frozen=True)
class Replaced:
    """Test pairs whose queries are replaced, whatever the vocabulary.

    Attributes:
        frame: the pairs.
        train_nd: embeddings of training images.
        test_nd: embeddings of test images.
        types: item type of each training and of each test image, which the explained model is told; the same for all
            where it is told none, as discovery has no labels of any kind.
        masks: of a model that compares under conditions, else None.
        duplicate_n: test images with equal pixels share a number.
        space: in which replacements are found.
        labelled_na: bool (image, attribute), what test images count as having of the dataset's labels; more than these
            where labels are sparse.
        replacements: K.
        cluster_p: int64 (pair,), what pairs share: the query, the class or the outfit.
        resampling: of intervals.
    """

    frame: PairFrame
    train_nd: np.ndarray
    test_nd: np.ndarray
    types: tuple[list[str], list[str]]
    masks: ConditionMasks | None
    duplicate_n: np.ndarray
    space: AttributeSpace
    labelled_na: np.ndarray
    replacements: int
    cluster_p: np.ndarray
    resampling: Resampling

    def mean(self, values_p: np.ndarray) -> Interval:
        """Return the mean over pairs with a value, with its interval, resampling what pairs share."""
        seed, samples = self.resampling.seed, self.resampling.samples
        return clustered_interval(values_p, self.cluster_p, seed=seed, samples=samples)

    def compare(self, measures: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Difference]:
        """Return paired differences, first less second, as one family, resampling what pairs share."""
        seed, samples = self.resampling.seed, self.resampling.samples
        return paired_comparisons(list(measures), self.cluster_p, seed=seed, samples=samples)

    def predicted(self, vocabulary: Vocabulary) -> np.ndarray:
        """Return (pair, attribute): the drop that the embedding predicts, from labels of training images alone."""
        train = LabelledEmbeddings(self.train_nd, vocabulary.train_na, self.types[0])
        test = LabelledEmbeddings(self.test_nd, vocabulary.test_na, self.types[1])
        frame = self.frame
        return pair_effects(
            train,
            EmbeddedPairs(test, frame.query_p, frame.reference_p, frame.conditions, self.masks, vocabulary.groups),
        )

    def are_labels(self, vocabulary: Vocabulary) -> bool:
        """Return whether the vocabulary is that of the dataset's labels."""
        return list(vocabulary.names) == self.frame.attribute_names

    def pool(self, vocabulary: Vocabulary) -> ReplacementPool:
        """Return the test images, which replace images of their own type, with what they have of the vocabulary."""
        types_n = np.unique(np.array(self.types[1]), return_inverse=True)[1].astype(np.int64)
        has_na = self.labelled_na if self.are_labels(vocabulary) else vocabulary.test_na
        return ReplacementPool(self.test_nd, vocabulary.test_na, has_na, self.duplicate_n, types_n)

    def pairs(self) -> ReplacedPairs:
        """Return the pairs as they are scored."""
        masks_pd = None if self.masks is None else self.masks.of(self.frame.conditions)
        return ReplacedPairs(self.frame.query_p, self.frame.reference_p, masks_pd)


@dataclass(frozen=True)
class VocabularyEffects:
    """Of each pair float64 (pair,) for the attribute that is named and, with `random_`, the mean over the query's own.

    Drops where something is taken away (0 where the query has no attribute), else changes of the score; NaN where no
    replacement was found. `has_p` says whether the query has any attribute.

    The last two are of what scores name first among all attributes: the drop, 0 where the query lacks it, and whether
    the query has it.
    """

    removal_p: np.ndarray
    random_removal_p: np.ndarray
    insertion_p: np.ndarray
    deletion_p: np.ndarray
    matched_p: np.ndarray
    random_matched_p: np.ndarray
    has_p: np.ndarray
    first_removal_p: np.ndarray
    has_first_p: np.ndarray

    def columns(self) -> tuple[np.ndarray, ...]:
        """Return the values in the order of the table."""
        return (
            self.removal_p,
            self.random_removal_p,
            self.insertion_p,
            self.deletion_p,
            self.matched_p,
            self.random_matched_p,
        )


def replaced_pairs(upstream: Upstream, frame: PairFrame, settings: Settings) -> Replaced:
    """Return the test pairs of a run."""
    pixels = upstream.table("images", "images", "test")["pixels_sha256"].to_pylist()
    space = attribute_space([read_attribute_logits(upstream, model, "test") for model in settings.replacement_models])
    is_sparse = has_sparse_labels(settings)
    return Replaced(
        frame,
        read_embeddings(upstream, "train"),
        read_embeddings(upstream, "test"),
        (_types(upstream, settings, "train"), _types(upstream, settings, "test")),
        read_condition_masks(upstream) if has_conditions(settings) else None,
        np.unique(np.array(pixels), return_inverse=True)[1].astype(np.int64),
        space,
        presence_by_score(frame.labels_na, space.mean_scores()) if is_sparse else frame.labels_na,
        settings.evaluation.replacements,
        _clusters(upstream, settings, frame),
        Resampling(settings.seed, settings.evaluation.bootstrap_samples),
    )


def _types(upstream: Upstream, settings: Settings, split: str) -> list[str]:
    labels: list[str] = upstream.table("images", "images", split)["label"].to_pylist()
    return labels if has_outfits(settings) else [""] * len(labels)


def _clusters(upstream: Upstream, settings: Settings, frame: PairFrame) -> np.ndarray:
    unit = settings.dataset.declared.shared_unit
    return frame.query_p if unit == QUERY else read_pair_clusters(upstream, frame, unit)


def effects_of(replaced: Replaced, vocabulary: Vocabulary, scores_pk: np.ndarray | None = None) -> VocabularyEffects:
    """Return what naming an attribute of the vocabulary is worth, pair by pair.

    Args:
        replaced: the pairs.
        vocabulary: whose attribute is named, of those that the query has; for insertion of those that it lacks.
        scores_pk: (pair, attribute), by which; None: the effects that the embedding predicts.
    """
    pool, pairs = replaced.pool(vocabulary), replaced.pairs()
    removal_pk = removal_replacements(pool, pairs).effect_pa
    others = attribute_effects(pool, pairs, _as_wide_as(replaced, vocabulary), replaced.replacements)
    scores_pk = replaced.predicted(vocabulary) if scores_pk is None else scores_pk
    has_pk = vocabulary.test_na[replaced.frame.query_p]
    named_p = named_among(scores_pk, has_pk)
    added_p = named_among(scores_pk, ~has_pk)
    first_p = named_among(scores_pk, np.ones_like(has_pk))
    matched_pk = others.matched.effect_pa
    return VocabularyEffects(
        -_of_named(removal_pk, named_p, 0.0),
        -_mean_present(removal_pk, has_pk),
        _of_named(others.insertion.effect_pa, added_p, np.nan),
        _of_named(others.deletion.effect_pa, named_p, 0.0),
        -_of_named(matched_pk, named_p, 0.0),
        -_mean_present(matched_pk, has_pk),
        has_pk.any(axis=1),
        -_of_named(removal_pk, first_p, 0.0),
        has_pk[np.arange(len(first_p)), first_p],
    )


def _as_wide_as(replaced: Replaced, vocabulary: Vocabulary) -> AttributeSpace:
    """Return the space with coordinates of 0 for the attributes of the vocabulary put first.

    The coordinate of the attribute that is replaced is left out of a distance; of a found attribute there is none in
    the space, so nothing is. The vocabulary of the labels has the space as it is.
    """
    if replaced.are_labels(vocabulary):
        return replaced.space
    space = replaced.space
    zeros = np.zeros((*space.coordinates_mna.shape[:2], len(vocabulary.names)))
    return AttributeSpace(np.concatenate([zeros, space.coordinates_mna], axis=2))


def _of_named(effect_pk: np.ndarray, named_p: np.ndarray, without: float) -> np.ndarray:
    chosen_p = effect_pk[np.arange(len(named_p)), named_p]
    found_p: np.ndarray = np.where(named_p == NOTHING_NAMED, without, chosen_p)
    return found_p + 0.0


def _mean_present(effect_pk: np.ndarray, has_pk: np.ndarray) -> np.ndarray:
    """Return the mean over the query's attributes; 0 where it has none, NaN where none has an effect."""
    is_known_pk = has_pk & np.isfinite(effect_pk)
    count_p = is_known_pk.sum(axis=1)
    means_p = np.full(len(count_p), np.nan)
    np.divide(np.where(is_known_pk, effect_pk, 0.0).sum(axis=1), count_p, out=means_p, where=count_p > 0)
    return np.where(has_pk.any(axis=1), means_p, 0.0)
