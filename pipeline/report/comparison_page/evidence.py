"""What the page of two models shows, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.model_comparison.answers import AnswerChanges
from pipeline.evaluation.model_comparison.figures import ComparedFigure
from pipeline.evaluation.model_comparison.maps import MapAgreement
from pipeline.report.shown_image import ShownImage


@dataclass(frozen=True)
class Differing:
    """Something that is not the same of both, such as a setting."""

    key: str
    first: str
    second: str


@dataclass(frozen=True)
class ModelFacts:
    """One of the two.

    Attributes:
        name: as the user named it.
        model: its network.
        dataset: kind of the dataset.
        seed: of the run.
        pairs: that it explains.
    """

    name: str
    model: str
    dataset: str
    seed: int
    pairs: int


@dataclass(frozen=True)
class Comparison:
    """Two models on the pairs that both explain.

    Attributes:
        first: the first model, A.
        second: the second, B.
        shared: pairs that both explain.
        cluster_unit: what pairs share, and what is resampled whole: query, class or outfit.
        n_clusters: of these.
        notes: what a reader has to know, a sentence each.
        differing: what is not the same of both.
        figures: of both, with paired tests.
        changes: of their answers; None where images of either have no attributes, so that nothing answers.
        agreements: of their maps.
    """

    first: ModelFacts
    second: ModelFacts
    shared: int
    cluster_unit: str
    n_clusters: int
    notes: tuple[str, ...]
    differing: tuple[Differing, ...]
    figures: tuple[ComparedFigure, ...]
    changes: AnswerChanges | None
    agreements: tuple[MapAgreement, ...]


@dataclass(frozen=True)
class ShownSide:
    """What one model says of a pair.

    Attributes:
        similarity: the model's score; None where the run did not keep it.
        image: the query as this model's results show it.
        map_yx: over this model's view of the query; None without one.
        answer: row of the table `answers`; None where images have no attributes.
    """

    similarity: float | None
    image: ShownImage
    map_yx: npt.NDArray[np.float32] | None
    answer: Mapping[str, Any] | None


@dataclass(frozen=True)
class ShownPair:
    """A pair with what both models say of it.

    Attributes:
        pair_id: of the pair.
        query: its image id.
        reference: its image id.
        reference_image: as shown.
        is_changed: the answers are not the same.
        first: what the first model says.
        second: what the second says.
    """

    pair_id: str
    query: str
    reference: str
    reference_image: ShownImage
    is_changed: bool
    first: ShownSide
    second: ShownSide
