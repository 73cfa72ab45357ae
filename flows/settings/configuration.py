"""Every setting with its meaning, default and limits; the keys are a contract with users."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from flows.settings.dataset import DatasetSettings
from flows.settings.saliency import SaliencySettings
from flows.settings.section import (
    BatchSize,
    Duration,
    Epochs,
    FilePath,
    NumberFromZero,
    PairCount,
    PathOrUrl,
    PositiveNumber,
    References,
    Section,
    Seed,
    Share,
)
from flows.settings.similarity_model import SimilarityModelSettings
from flows.settings.white_box import refuse_gradients_of_black_box
from pipeline.evaluation.curves import CURVE_STEPS
from pipeline.explanation.separability import CONDITION_LIMIT, CORRELATION_LIMIT
from pipeline.explanation.variants import VARIANTS
from pipeline.setting_limits import MAKES_NO_DIFFERENCE, AtLeast, AtMost
from stores.object_requests import REQUEST_TIMEOUT_S

DEFAULT_BATCH_SIZE = 100
if TYPE_CHECKING:
    VariantName = str
else:
    # The names of the table; to a type checker any text.
    VariantName = Literal[tuple(VARIANTS)]


def _divides_one(step: float) -> float:
    """Refuse a step whose multiples do not meet 1, which no grid on the simplex has."""
    if abs(round(1 / step) * step - 1) > 1e-9:
        raise ValueError("a step that divides 1, such as 0.05, 0.1 or 0.2")
    return step


GridStep = Annotated[
    float,
    Field(le=0.5),
    AtLeast(1e-3, "0.001 has 501,501 points, each tried on all held-out pairs; at 1e-6 there are 500 billion"),
    AfterValidator(_divides_one),
]
Resamples = Annotated[int, Field(ge=100), AtMost(100_000, "for 1,000 queries so many resamples take 1.6 GB of memory")]
GroupCondition = Annotated[float, Field(gt=1), MAKES_NO_DIFFERENCE]
Smoothing = Annotated[float, Field(ge=0), MAKES_NO_DIFFERENCE]
Workers = Annotated[int, Field(ge=1), AtMost(1024, "each is a process of half a gigabyte")]
Threads = Annotated[int, Field(ge=1), AtMost(4096, "no machine has so many cores")]


class StoreSettings(Section):
    """[store]: where artifacts live."""

    root: PathOrUrl = Field("store", description="a folder (relative to the configuration file) or an fsspec URL")
    request_timeout_seconds: PositiveNumber = Field(
        REQUEST_TIMEOUT_S,
        description="on an object store: longest wait for a request, all repetitions and its data included",
    )


# They matter to the masks of a type-aware model only.
class PairsSettings(Section):
    """[pairs]: which pairs are explained, and which train the attribute model."""

    train_references: References = Field(5, description="K: references per training image")
    references: References = Field(5, description="references per validation and test query")
    train: PairCount | None = Field(None, description="most training pairs with maps; empty: all training images")
    valid: PairCount = Field(2000, description="most validation pairs")
    test: PairCount = Field(10000, description="most test pairs")
    file: FilePath | None = Field(
        None, description="list of test pairs, a line `query reference label` each, not sampled"
    )
    max_missing_share: Share = Field(0.01, description="largest share of its lines that may name missing images")
    match_threshold: Share = Field(0.5, description="planted: least planted similarity of a match")


class AttributeModelSettings(Section):
    """[attribute_model]: the SANE predictor and the classifier beside it."""

    names: list[Literal["sane", "classifier"]] = Field(["sane", "classifier"], description="models to train")
    backbone: Literal["resnet18", "resnet18_three_stage", "small_residual"] = Field("resnet18", description="the trunk")
    pretrained: str | None = Field(None, description="torchvision weights to start from")
    epochs: Epochs = Field(300, description="most epochs")
    patience: Epochs = Field(20, description="epochs without a better validation mAP before training stops")
    batch_size: BatchSize = Field(256, description="images per step")
    learning_rate: PositiveNumber = Field(5e-4, description="Adam's")
    learning_rate_decay: float = Field(0.985, gt=0, le=1, description="factor per epoch")
    heatmap_weight: NumberFromZero = Field(5e-3, description="lambda of L = L_Huber + lambda L_hm")
    huber_reduction: Literal["mean", "sum_attributes"] = Field(
        "mean", description="mean over batch and attributes (the authors' code), or sum over attributes"
    )
    map_temperature: PositiveNumber = Field(3.0, description="inverse temperature of normalise_map")


class ExplanationSettings(Section):
    """[explanation]: how an attribute is chosen."""

    variants: list[VariantName] = Field(list(VARIANTS), description="rows of the tables")
    prior: Literal["count"] = Field("count", description="the prior of sane+match+count")
    prior_smoothing: Smoothing = Field(1.0, description="pseudo-count of each attribute")
    weight_grid_step: GridStep = Field(0.05, description="step of the simplex of weights; must divide 1")
    group_correlation: float = Field(
        CORRELATION_LIMIT,
        gt=0,
        le=1,
        description="attributes whose training labels correlate at least so much, with either sign, are one group",
    )
    group_condition: GroupCondition = Field(
        CONDITION_LIMIT,
        description="largest condition number of the training labels of groups; above it, dependent groups are merged",
    )


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
    bootstrap_samples: Resamples = Field(1000, description="resamples of queries behind each interval")
    seeds: list[Seed] = Field([], description="run once per seed; empty: only `seed`")


class ComputeSettings(Section):
    """[compute]: where and how fast; none of it is in a fingerprint, except precision."""

    runner: Literal["inline", "prefect", "dask"] | None = Field(
        None,
        description="inline: this process; prefect: a flow; dask: workers of a Dask cluster; "
        "empty: dask where dask_address is set, else inline",
    )
    dask_address: str | None = Field(
        None, description="Dask scheduler, such as tcp://host:8786; empty: runner dask starts workers on this machine"
    )
    workers: Workers | None = Field(
        None, description="Dask workers on this machine; empty: one a GPU, or one a core (at most 8)"
    )
    worker_patience_minutes: Duration = Field(
        60, description="how long a run waits for a first Dask worker, or when the last one is gone"
    )
    device: str = Field("auto", description="cpu, cuda, cuda:0; auto: cuda where there is one")
    precision: Literal["float32", "bfloat16", "auto"] = Field(
        "float32",
        description="of the similarity model's passes; auto: bfloat16 where the device gains by it and maps hardly "
        "change, measured once",
    )
    batch_size: BatchSize | Literal["auto"] = Field(
        DEFAULT_BATCH_SIZE, description="images per forward pass; auto: timed once for device, image size and model"
    )
    threads: Threads | None = Field(None, description="CPU threads; empty: all cores")
    checkpoint_seconds: Duration = Field(
        60, description="least time between two checkpoints of a training, s; 0: one after every epoch"
    )


class Settings(Section):
    """A whole configuration file."""

    seed: Seed = Field(0, description="of weights, batches, pairs, masks and resamples")
    dataset: DatasetSettings
    store: StoreSettings = StoreSettings()  # type: ignore[call-arg]
    similarity_model: SimilarityModelSettings = SimilarityModelSettings()  # type: ignore[call-arg]
    pairs: PairsSettings = PairsSettings()  # type: ignore[call-arg]
    saliency: SaliencySettings = SaliencySettings()
    attribute_model: AttributeModelSettings = AttributeModelSettings()  # type: ignore[call-arg]
    explanation: ExplanationSettings = ExplanationSettings()  # type: ignore[call-arg]
    evaluation: EvaluationSettings = EvaluationSettings()  # type: ignore[call-arg]
    compute: ComputeSettings = ComputeSettings()  # type: ignore[call-arg]

    @model_validator(mode="after")
    def _maps_fit_images(self) -> "Settings":
        for generator in self.saliency.generators:
            section = self.saliency.section(generator)
            problem = section and section.problem_at_size(self.dataset.image_size_px)
            if problem:
                raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _gradients_of_networks_only(self) -> "Settings":
        refuse_gradients_of_black_box(self.similarity_model, self.saliency.generators)
        return self
