"""Every setting with its meaning, default and limits; the keys are a contract with users."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from flows.settings.attribute_model import AttributeModelSettings
from flows.settings.dataset import DatasetSettings, images_as_large_as_the_input
from flows.settings.discovery import DiscoverySettings
from flows.settings.evaluation import EvaluationSettings
from flows.settings.explanation import ExplanationSettings
from flows.settings.report import ReportSettings
from flows.settings.saliency import SaliencySettings
from flows.settings.section import (
    BatchSize,
    Duration,
    FilePath,
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
from pipeline.explanation.combination import AWA_PAPER_WEIGHTS, POLYVORE_PAPER_WEIGHTS
from pipeline.explanation.variants import DEFAULT_MODELS, models_needed
from pipeline.setting_limits import AtMost
from stores.object_requests import REQUEST_TIMEOUT_S

DEFAULT_BATCH_SIZE = 100
# v1 section 4: for animals, and for outfits.
PAPER_WEIGHTS = {False: AWA_PAPER_WEIGHTS, True: POLYVORE_PAPER_WEIGHTS}
# The papers' attribute space is made of these three.
REPLACEMENT_MODELS = ("classifier", "fashion_search_net", "sane")
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
    both_directions: bool = Field(
        False,
        description="each validation and test pair is explained from its reference's side, too: up to twice as many "
        "pairs as `valid` and `test` say, and the audit compares the two directions",
    )
    seed: Seed | None = Field(
        None, description="of the choice of pairs, so that runs of several seeds have the same ones; empty: `seed`"
    )


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
    discovery: DiscoverySettings = DiscoverySettings()  # type: ignore[call-arg]
    attribute_model: AttributeModelSettings = AttributeModelSettings()  # type: ignore[call-arg]
    explanation: ExplanationSettings = ExplanationSettings()  # type: ignore[call-arg]
    evaluation: EvaluationSettings = EvaluationSettings()  # type: ignore[call-arg]
    report: ReportSettings = ReportSettings()  # type: ignore[call-arg]
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
    def has_discovered_labels(self) -> bool:
        """Whether discovered attributes take the place of labels."""
        return self.dataset.attributes == "discovered"

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
