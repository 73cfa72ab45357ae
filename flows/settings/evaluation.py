"""[evaluation]: curves, replacements, intervals and seeds."""

from typing import Annotated

from pydantic import Field

from flows.settings.section import (
    PairCount,
    Section,
    Seed,
)
from pipeline.datasets.catalogue import DATASETS
from pipeline.evaluation.curves import CURVE_STEPS
from pipeline.setting_limits import AtMost

Resamples = Annotated[int, Field(ge=100), AtMost(100_000, "for 1,000 queries so many resamples take 1.6 GB of memory")]
Replacements = Annotated[int, Field(ge=1), AtMost(1000, "for 10,000 pairs and 200 attributes so many take 8 GB")]
FOR_RETRIEVAL = [name for name, kind in DATASETS.items() if kind.is_for_retrieval]


class EvaluationSettings(Section):
    """[evaluation]: curves, intervals and seeds."""

    curves: bool = Field(
        True, description="insertion and deletion curves of test maps; false: none, and no figure of faithfulness"
    )
    curve_pairs: PairCount | None = Field(
        None,
        description="most test pairs of a generator and mode with curves, whole queries at a time, at least one; "
        "empty: all that have maps",
    )
    curve_steps: int = Field(
        CURVE_STEPS, ge=2, le=1000, description="steps of a curve; each ranking of pixels costs 2 (steps - 1) passes"
    )
    map_protocols: bool = Field(
        False,
        description="judge test maps also by protocols that others use: sparseness, faithfulness correlation, deletion "
        "with filled-in pixels, sensitivity to noise, and on rendered items how maps treat every part; of the pairs "
        "that have curves, at 102 passes a query and 18 a ranking of pixels",
    )
    sensitivity_queries: int = Field(
        10,
        ge=0,
        le=10_000,
        description="with map_protocols: most queries of a generator and mode whose sensitivity to noise is measured, "
        "each at the cost of its maps three times over; 0: none",
    )
    retrieval: bool | None = Field(
        None,
        description="look for every test image among the others: Recall@K, R-precision and MAP@R, over cameras rank-k "
        f"and mean average precision; empty: where the dataset is made for it ({', '.join(FOR_RETRIEVAL)})",
    )
    replacements: Replacements = Field(
        5, description="K: images put in the query's place to measure deletion, insertion and matched effects"
    )
    replacement_models: list[str] | None = Field(
        None,
        min_length=1,
        description="of attribute_model.names, those whose scores say which images are alike but for one attribute; "
        "fixed, so that no other model changes these figures; empty: classifier and sane, as far as they are trained, "
        "else fashion_search_net",
    )
    bootstrap_samples: Resamples = Field(1000, description="resamples of queries behind each interval")
    seeds: list[Seed] = Field([], description="run once per seed; empty: only `seed`")
