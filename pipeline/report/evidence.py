"""Everything that a report is made of, as plain values and arrays; what is missing leaves its section out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.discovery.groups import DiscoveredGroup
from pipeline.report.both_sides import MatchPart
from pipeline.report.edits import EditedPhotograph
from pipeline.report.pair_table import PairTable
from pipeline.report.shown_image import ShownImage
from pipeline.report.table_row import TableRow
from pipeline.saliency.fill import Fill


@dataclass(frozen=True)
class RunFacts:
    """What the header says.

    Attributes:
        dataset: its kind.
        similarity_model: the network that is explained.
        seed: of the run.
        images: images of all splits.
        test_images: images of the test split.
        test_pairs: pairs whose explanations are measured.
        attributes: size of the vocabulary.
        made: ISO 8601 moment of the newest result shown.
        fill: what removed pixels became, see pipeline.saliency.fill; None where each generator did as in its paper.
    """

    dataset: str
    similarity_model: str
    seed: int
    images: int
    test_images: int
    test_pairs: int
    attributes: int
    made: str
    fill: Fill | None = None


@dataclass(frozen=True)
class FittingFacts:
    """How photographs became the squares that the model sees.

    Attributes:
        fit: "crop", "pad" or "stretch".
        images: test images.
        changed: those of them that lose more than a tenth of their area, get borders on more than a tenth of their
            square, or have their long side squeezed by more than a tenth.
        shown: photographs that the page shows.
        unread: those of them whose file is gone or changed, so that the model's view stands in.
    """

    fit: str
    images: int
    changed: int
    shown: int = 0
    unread: int = 0


@dataclass(frozen=True)
class PairEvidence:
    """One pair that gets a card.

    Attributes:
        pair_id: of the pair.
        query: image id.
        reference: image id.
        query_label: class or item type of the query.
        reference_label: likewise.
        similarity: the model's score, None where unknown.
        query_image: as it is shown.
        reference_image: likewise.
        map_hw: float (y, x) over the model's view, larger = matters more; None or NaN where there is no map.
        explanations: its rows of the table `explanations`, all variants and ranks.
        answer: its row of the table `answers`, None where there is none.
        answer_map_hw: float (y, x), where the attribute that answers is; None where there is no such map.
        answer_set: its row of the table `answer_sets`, None where there is none.
        condition: the pair's two item types, such as "bags|shoes"; None where items have no types.
        has_mask: whether the model has a mask of its own for the condition; None where it has no masks at all.
        parts: which part of the query goes with which part of the reference, largest first; none where not made.
    """

    pair_id: str
    query: str
    reference: str
    query_label: str
    reference_label: str
    similarity: float | None
    query_image: ShownImage
    reference_image: ShownImage
    map_hw: npt.NDArray[np.floating[Any]] | None
    explanations: Sequence[TableRow]
    condition: str | None = None
    has_mask: bool | None = None
    answer: TableRow | None = None
    answer_map_hw: npt.NDArray[np.floating[Any]] | None = None
    answer_set: TableRow | None = None
    parts: Sequence[MatchPart] = ()


@dataclass(frozen=True)
class GalleryPair:
    """One pair that is shown under every generator.

    Attributes:
        query_image: as it is shown.
        reference_image: likewise.
        similarity: the model's score, None where unknown.
        maps: float (y, x) over the model's view of the query by (generator, mode), those that there are.
    """

    query_image: ShownImage
    reference_image: ShownImage
    similarity: float | None
    maps: Mapping[tuple[str, str], npt.NDArray[np.floating[Any]]]


@dataclass(frozen=True)
class OutfitFacts:
    """What is counted of a dataset of outfits.

    Attributes:
        test_items_in_training: test images that are also in a training outfit.
        pairs_without_mask: explained pairs whose condition has no mask; None where the model has no masks.
        pairs_seen_in_training: explained pairs of which at least one image is also in a training outfit; None where
            not counted.
    """

    test_items_in_training: int
    pairs_without_mask: int | None
    pairs_seen_in_training: int | None = None


@dataclass(frozen=True)
class CurveSet:
    """The faithfulness curves of one generator in one mode.

    Attributes:
        generator: its name.
        mode: of the generator.
        insertion_pt: float (pair, step) scores, from the blank to the full image.
        deletion_pt: likewise, from the full to the blank image.
        clusters_p: int (pair,) query of each pair.
    """

    generator: str
    mode: str
    insertion_pt: npt.NDArray[np.float64]
    deletion_pt: npt.NDArray[np.float64]
    clusters_p: npt.NDArray[np.int64]


@dataclass(frozen=True)
class StageRecord:
    """What the manifest of one stage says of its making.

    Attributes:
        stage: the instance.
        shards: how many.
        counts: what was processed, such as {"images": 64, "forward_passes": 32000}.
        seconds: of all shards together.
        devices: where they were computed.
        created: ISO 8601 moment.
        parts: for each kept part, a summary with `kind` and, for tables, `rows`.
        fingerprint: names the computation.
        versions: package versions.
        settings: what its result depends on beside its inputs; no paths.
        is_adopted: its code has changed since, and a user declared the result still valid.
    """

    stage: str
    shards: int
    counts: Mapping[str, int]
    seconds: float
    devices: Sequence[str]
    created: str
    parts: Mapping[str, Mapping[str, Any]]
    fingerprint: str
    versions: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_adopted: bool = False


@dataclass(frozen=True)
class ReportEvidence:
    """The whole input of a report.

    Attributes:
        facts: for the header.
        pairs: for the cards.
        metrics: rows of the table `metrics`.
        generators: saliency generators of the run and their modes, in their order.
        curves: for those generators whose faithfulness was measured.
        gallery: pairs with their maps by these generators.
        prior: rows of the table `prior`.
        weight_grid: rows of the table `weight_grid`.
        weight_sensitivity: rows of the table `weight_sensitivity`.
        similarity_history: rows of `training_history`; empty for a model from a file.
        attribute_histories: likewise, by attribute model.
        stages: in the order in which they were made.
        outfits: None where the dataset has none.
        model_checks: rows of the table `model_checks`; empty but for a user's own model.
        edits: photographs before and after an edit of their colour; empty where none was edited.
        whole_edits: items before and after an edit of the whole of them, likewise.
        curves_asked: whether faithfulness was to be measured.
        curve_pairs_asked: of how many pairs at most; None for all.
        answers: rows of the table `answers`, all pairs.
        answer_choice: rows of the table `answer_choice`, the best variant first.
        fitting: None where images are no photographs.
        pair_table: all test pairs; None where there is none.
        discovered: attributes found without labels; none where discovery is not asked for.
    """

    facts: RunFacts
    pairs: Sequence[PairEvidence] = ()
    metrics: Sequence[TableRow] = ()
    generators: Sequence[tuple[str, str]] = ()
    curves: Sequence[CurveSet] = ()
    prior: Sequence[TableRow] = ()
    weight_grid: Sequence[TableRow] = ()
    similarity_history: Sequence[TableRow] = ()
    attribute_histories: Mapping[str, Sequence[TableRow]] = field(default_factory=dict)
    stages: Sequence[StageRecord] = ()
    outfits: OutfitFacts | None = None
    model_checks: Sequence[TableRow] = ()
    gallery: Sequence[GalleryPair] = ()
    edits: Sequence[EditedPhotograph] = ()
    whole_edits: Sequence[EditedPhotograph] = ()
    curves_asked: bool = True
    curve_pairs_asked: int | None = None
    answers: Sequence[TableRow] = ()
    answer_choice: Sequence[TableRow] = ()
    fitting: FittingFacts | None = None
    weight_sensitivity: Sequence[TableRow] = ()
    pair_table: PairTable | None = None
    discovered: Sequence[DiscoveredGroup] = ()


def best_weights(weight_grid: Sequence[TableRow], prior_kind: str, model: str = "sane") -> TableRow | None:
    """Return the chosen row of an attribute model's grid of one prior, None where there is none."""
    rows = (row for row in weight_grid if (row["model"], row["prior_kind"]) == (model, prior_kind))
    return next((row for row in rows if row["is_best"]), None)
