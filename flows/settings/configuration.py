"""Every setting with its meaning, default and limits; the keys are a contract with users."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from flows.settings.dataset import DatasetSettings, images_as_large_as_the_input
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
from pipeline.attributes.catalogue import ATTRIBUTE_MODELS
from pipeline.evaluation.curves import CURVE_STEPS
from pipeline.explanation.combination import AWA_PAPER_WEIGHTS, POLYVORE_PAPER_WEIGHTS
from pipeline.explanation.separability import CONDITION_LIMIT, CORRELATION_LIMIT
from pipeline.explanation.variants import DEFAULT_MODELS, VARIANTS, default_variants, models_needed
from pipeline.setting_limits import MAKES_NO_DIFFERENCE, AtLeast, AtMost
from stores.object_requests import REQUEST_TIMEOUT_S

DEFAULT_BATCH_SIZE = 100
# v1 section 4: for animals, and for outfits.
PAPER_WEIGHTS = {False: AWA_PAPER_WEIGHTS, True: POLYVORE_PAPER_WEIGHTS}
# The papers' attribute space is made of these three.
REPLACEMENT_MODELS = ("classifier", "fashion_search_net", "sane")
if TYPE_CHECKING:
    VariantName = str
    ModelName = str
else:
    # The names of the tables; to a type checker any text.
    VariantName = Literal[tuple(VARIANTS)]
    ModelName = Literal[tuple(ATTRIBUTE_MODELS)]


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
Refits = Annotated[int, Field(ge=20), AtMost(10_000, "each fits the directions of all training images twice")]
Resamples = Annotated[int, Field(ge=100), AtMost(100_000, "for 1,000 queries so many resamples take 1.6 GB of memory")]
Replacements = Annotated[int, Field(ge=1), AtMost(1000, "for 10,000 pairs and 200 attributes so many take 8 GB")]
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
    """[attribute_model]: the SANE predictor and those beside it."""

    names: list[ModelName] | None = Field(
        None,
        description="models to train; empty: those that explanation.variants and evaluation.replacement_models need",
    )
    backbone: Literal["resnet18", "resnet18_three_stage", "resnet50", "small_residual"] = Field(
        "resnet18", description="the trunk"
    )
    pretrained: str | None = Field(None, description="torchvision weights to start from, e.g. IMAGENET1K_V1")
    backbone_weights: FilePath | None = Field(
        None,
        description="file to start from instead: safetensors or torch state dict of the backbone or of a network with "
        "it, under torchvision's names or this project's",
    )
    freeze_backbone: bool = Field(
        False, description="train the head alone, on features kept in memory; with weights to start from only"
    )
    region_threshold: Share = Field(
        0.5,
        description="fashion_search_net: an attribute's region is the box around the cells that reach this share of "
        "the way from its activation map's smallest to its largest value",
    )
    epochs: Epochs = Field(300, description="most epochs")
    patience: Epochs = Field(20, description="epochs without a better validation mAP before training stops")
    batch_size: BatchSize = Field(256, description="images per step")
    learning_rate: PositiveNumber = Field(5e-4, description="Adam's")
    learning_rate_decay: float = Field(0.985, gt=0, le=1, description="factor per epoch")
    heatmap_weight: NumberFromZero = Field(5e-3, description="lambda of L = L_Huber + lambda L_hm")
    huber_reduction: Literal["mean", "sum_attributes"] = Field(
        "sum_attributes",
        description="of L_Huber: summed over attributes, or its mean over batch and attributes (the authors' code), "
        "beside which L_hm outweighs it",
    )
    map_normalisation: Literal["standardised", "authors_code"] = Field(
        "standardised",
        description="how saliency maps become distributions, in L_hm and in map matching: cells brought to mean 0 and "
        "deviation 1, then softmax; authors_code: softmax of 2,000 times the map, nearly all weight on one cell",
    )
    map_temperature: PositiveNumber = Field(
        3.0, description="inverse temperature of that softmax; authors_code has its own, 1"
    )

    @model_validator(mode="after")
    def _weights_to_start_from(self) -> "AttributeModelSettings":
        if self.pretrained is not None and self.backbone_weights is not None:
            raise ValueError("either attribute_model.pretrained or attribute_model.backbone_weights")
        if self.freeze_backbone and self.pretrained is None and self.backbone_weights is None:
            raise ValueError(
                "attribute_model.pretrained or attribute_model.backbone_weights where attribute_model.freeze_backbone "
                "is true: random weights would never be trained"
            )
        return self


class ExplanationSettings(Section):
    """[explanation]: how an attribute is chosen."""

    variants: list[VariantName] = Field(default_variants(), description="rows of the tables")
    answer: Literal["auto"] | VariantName = Field(
        "auto",
        description="the variant that answers for pairs; auto: the one with the best matched effect on "
        "validation pairs",
    )
    presence: Literal["labels", "predicted"] = Field(
        "labels",
        description="what an answer is chosen among: the query's own labels (where it has any), or what is predicted "
        "from the image alone",
    )
    refits: Refits = Field(
        100, description="refits of attribute directions behind an answer's interval, and as many behind its p-value"
    )
    prior: Literal["count", "tcav"] = Field("count", description="the prior of prior_only")
    prior_measure: Literal["removal", "matched"] = Field(
        "removal", description="effect by which the count prior votes for a pair's best attribute (v1: removal)"
    )
    weights: Literal["grid", "papers"] | tuple[NumberFromZero, NumberFromZero, NumberFromZero] = Field(
        "grid",
        description="weights of confidence, map match and prior: grid searches them on validation pairs; papers: "
        "theirs for the dataset, nominal only; or three numbers",
    )
    weights_measure: Literal["matched", "removal"] = Field(
        "matched", description="mean effect that the grid's weights are chosen for"
    )
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

    @property
    def explanation_weights(self) -> Literal["grid"] | tuple[float, float, float]:
        """The weights of confidence, map match and prior that are fixed beforehand, else "grid"."""
        asked = self.explanation.weights
        if asked != "papers":
            return asked
        paper = PAPER_WEIGHTS[self.dataset.declared.has_outfits]
        return paper.confidence, paper.map_match, paper.prior

    @property
    def replacement_models(self) -> list[str]:
        """Names of the attribute models in whose scores replacements are found, in the order of the models.

        By default a variant that needs one more model does not change them.
        """
        asked = self.evaluation.replacement_models
        if asked is not None:
            return [name for name in self.attribute_models if name in asked]
        usual = [name for name in self.attribute_models if name in DEFAULT_MODELS]
        return usual or [name for name in self.attribute_models if name in REPLACEMENT_MODELS]

    @model_validator(mode="after")
    def _replacement_models_are_trained(self) -> "Settings":
        names = self.attribute_models
        unknown = [name for name in self.evaluation.replacement_models or () if name not in names]
        if unknown or not self.replacement_models:
            raise ValueError(
                "evaluation.replacement_models must be of attribute_model.names"
                + (f", not {', '.join(unknown)}" if unknown else "; by default none of these finds replacements")
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _image_size_of_model(cls, values: Any) -> Any:
        return images_as_large_as_the_input(values)

    @model_validator(mode="after")
    def _maps_fit_images(self) -> "Settings":
        for generator in self.saliency.generators:
            section = self.saliency.section(generator)
            problem = section and section.problem_at_size(self.dataset.image_size_px)
            if problem:
                raise ValueError(problem)
        return self

    @property
    def attribute_models(self) -> list[str]:
        """The attribute models that are trained."""
        if self.attribute_model.names is not None:
            return list(dict.fromkeys(self.attribute_model.names))
        needed = {*models_needed(self.explanation.variants), *(self.evaluation.replacement_models or ())}
        if needed.isdisjoint(REPLACEMENT_MODELS) and self.evaluation.replacement_models is None:
            needed.add("classifier")
        return [name for name in ATTRIBUTE_MODELS if name in needed]

    @model_validator(mode="after")
    def _models_of_the_variants(self) -> "Settings":
        for model, variant in models_needed(self.explanation.variants).items():
            if model not in self.attribute_models:
                raise ValueError(
                    f"{model!r} among attribute_model.names, which {variant!r} of explanation.variants needs: name it, "
                    "leave attribute_model.names out, or leave the variant out"
                )
        return self

    @model_validator(mode="after")
    def _gradients_of_networks_only(self) -> "Settings":
        refuse_gradients_of_black_box(self.similarity_model, self.saliency.generators)
        return self
