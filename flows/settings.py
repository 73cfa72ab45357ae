"""Every setting with its meaning, default and limits; the keys are a contract with users."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[int, Field(ge=1)]
PositiveNumber = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
ArgumentValue = bool | int | float | str | list[bool | int | float | str]
FACTORY = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
FACTORY_KEYS = frozenset({"factory", "factory_path", "factory_arguments", "factory_files", "array_type"})
USER_MODEL_KEYS = FACTORY_KEYS | {"program", "input_size_px", "mean", "std", "version"}
GeneratorName = Literal["rise", "random", "centre"]
WHITE = (255, 255, 255)
VariantName = Literal[
    "random",
    "best_constant",
    "prior_only",
    "predicted_in_both",
    "classifier",
    "sane",
    "sane+match",
    "sane+match+count",
    "embedding_effect",
    "embedding_effect+presence",
]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetSettings(Section):
    """[dataset]: which images, and how they become pixels."""

    kind: Literal["planted", "awa2", "polyvore_outfits", "folder"] = Field(
        description="planted (rendered), awa2 or polyvore_outfits (the releases' layouts), folder (your own images)"
    )
    root: Path | None = Field(None, description="folder of the dataset, relative to the configuration file")
    table: Path | None = Field(None, description="folder: CSV or Parquet file with a row for each image")
    image_size_px: int = Field(112, ge=16, le=1024, description="side of the square images, px")
    canvas: tuple[int, int, int] = Field(
        (127, 127, 127), description="RGB behind transparent and blanked pixels; polyvore_outfits: white unless set"
    )
    max_unreadable_share: Share = Field(0.01, description="largest share of unreadable images a run accepts")
    effective_resolution_px: int | None = Field(
        None,
        ge=8,
        description="reduce every image's short side to this first, so that all carry equal detail",
    )
    validation_images: int = Field(20, ge=2, description="awa2: images of each training class set aside")
    outfit_splits: Literal["nondisjoint", "disjoint"] = Field(
        "nondisjoint", description="polyvore_outfits: whether splits may share items (never outfits)"
    )
    seed: int = Field(0, description="planted: seed of the items")
    train_items: Positive = Field(1600, description="planted: training items")
    valid_items: Positive = Field(400, description="planted: validation items")
    test_items: Positive = Field(400, description="planted: items of the audit split")
    distractor_correlation: Share = Field(0.4, description="planted: correlation of distractors with drivers")

    @model_validator(mode="before")
    @classmethod
    def _white_canvas_of_catalogues(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("kind") == "polyvore_outfits":
            return {"canvas": WHITE, **values}
        return values

    @model_validator(mode="after")
    def _root_where_needed(self) -> "DatasetSettings":
        if self.kind != "planted" and self.root is None:
            raise ValueError(f"dataset.root is required where dataset.kind is {self.kind!r}")
        if (self.kind == "folder") != (self.table is not None):
            raise ValueError("dataset.table is required where dataset.kind is 'folder', and only there")
        return self


class StoreSettings(Section):
    """[store]: where artifacts live."""

    root: str = Field("store", description="a folder (relative to the configuration file) or an fsspec URL")


# They matter to the masks of a type-aware model only.
TYPE_AWARE_KEYS = frozenset({"negatives", "general_weight", "mask_weight", "norm_weight"})


class SimilarityModelSettings(Section):
    """[similarity_model]: the model that is explained."""

    kind: Literal["resnet18", "type_aware", "user"] = Field(
        "resnet18",
        description="resnet18: residual network with an embedding head; "
        "type_aware: besides, a mask per pair of item types, trained on outfits; "
        "user: your own, by factory or program",
    )
    network: Literal["resnet18", "resnet18_three_stage", "small_residual"] = Field(
        "resnet18_three_stage", description="the trunk"
    )
    weights: Path | None = Field(None, description="safetensors or torch state dict, instead of training")
    pretrained: str | None = Field(None, description="torchvision weights to start from, e.g. IMAGENET1K_V1")
    embedding_dim: Positive = Field(64, description="length of an embedding")
    objective: Literal["auto", "triplet", "regression"] = Field(
        "auto", description="triplet on classes, regression on graded targets; auto: what the dataset gives"
    )
    epochs: Positive = Field(60, description="most epochs")
    patience: Positive = Field(20, description="epochs without improvement before training stops")
    batch_size: int = Field(64, ge=8, description="images per step")
    images_per_class: int = Field(4, ge=2, description="images of one class in a triplet batch")
    learning_rate: float = Field(1e-3, gt=0, description="AdamW, decayed along a cosine")
    weight_decay: float = Field(1e-4, ge=0, description="AdamW's")
    margin: float = Field(
        0.2, gt=0, description="of the triplet loss, on distances of unit embeddings (type_aware: squared distances)"
    )
    flips: bool = Field(True, description="mirror half of the training images")
    negatives: Positive = Field(4, description="type_aware: most negatives drawn for each pair of items")
    general_weight: float = Field(5e-5, ge=0, description="type_aware: weight of the loss on general embeddings")
    mask_weight: float = Field(5e-4, ge=0, description="type_aware: weight of the masks' L1 norm")
    norm_weight: float = Field(5e-4, ge=0, description="type_aware: weight of the general embeddings' L2 norm")
    factory: str | None = Field(
        None, pattern=FACTORY, description="user: package.module:function that returns the model; its code is run"
    )
    factory_path: Path | None = Field(
        None, description="user: folder that the factory's module is imported from; empty: this file's own folder"
    )
    factory_arguments: dict[str, ArgumentValue] = Field({}, description="user: keyword arguments of the factory")
    factory_files: dict[str, Path] = Field(
        {}, description="user: files, such as weights, handed to the factory as keyword arguments (absolute paths)"
    )
    program: Path | None = Field(
        None, description="user: a file of torch.export.save instead of a factory; load only one that you trust"
    )
    array_type: Literal["torch", "numpy"] = Field(
        "torch", description="user: what embed gets: tensors on compute.device, or numpy arrays"
    )
    input_size_px: int | None = Field(
        None, ge=1, description="user: side that images are resized to; empty: dataset.image_size_px"
    )
    mean: tuple[float, float, float] | None = Field(
        None, description="user: RGB subtracted from values 0 to 1; empty: values stay 0 to 1"
    )
    std: tuple[PositiveNumber, PositiveNumber, PositiveNumber] | None = Field(
        None, description="user: RGB to divide by after subtracting the mean"
    )
    version: str | None = Field(
        None, description="user: change it when the model changed in a way that neither its code nor its files show"
    )

    @property
    def name(self) -> str:
        """What tables and the report call the model."""
        if self.kind != "user":
            return self.network
        return " ".join(filter(None, ("user", self.factory or "program", self.version)))

    @model_validator(mode="after")
    def _keys_of_its_kind(self) -> "SimilarityModelSettings":
        is_user = self.kind == "user"
        foreign = sorted(name for name in self.model_fields_set - {"kind"} if (name in USER_MODEL_KEYS) != is_user)
        if foreign:
            raise ValueError(f"no similarity_model.{foreign[0]} where similarity_model.kind is {self.kind!r}")
        if is_user and (self.factory is None) == (self.program is None):
            raise ValueError("either similarity_model.factory or similarity_model.program")
        if self.program is not None and self.model_fields_set & FACTORY_KEYS:
            raise ValueError("similarity_model.program without the keys of a factory and without array_type")
        if (self.mean is None) != (self.std is None):
            raise ValueError("similarity_model.mean and similarity_model.std together")
        named = [*self.factory_arguments, *self.factory_files]
        if len(set(named)) < len(named) or not all(name.isidentifier() for name in named):
            raise ValueError("distinct Python names in similarity_model.factory_arguments and factory_files")
        if self.kind == "type_aware" and self.weights is not None:
            raise ValueError("similarity_model.weights holds no masks: leave it out where kind is 'type_aware'")
        return self


class PairsSettings(Section):
    """[pairs]: which pairs are explained, and which train the attribute model."""

    train_references: Positive = Field(5, description="K: references per training image")
    references: Positive = Field(5, description="references per validation and test query")
    train: Positive | None = Field(None, description="most training pairs with maps; empty: all training images")
    valid: Positive = Field(2000, description="most validation pairs")
    test: Positive = Field(10000, description="most test pairs")
    file: Path | None = Field(None, description="list of test pairs, a line `query reference label` each, not sampled")
    max_missing_share: Share = Field(0.01, description="largest share of its lines that may name missing images")
    match_threshold: Share = Field(0.5, description="planted: least planted similarity of a match")


class RiseSettings(Section):
    """[saliency.rise]."""

    modes: list[Literal["fixed"]] = Field(["fixed"], description="fixed: only the query is manipulated")
    masks: Positive = Field(2000, description="N: masks (and forward passes) per test query")
    supervision_masks: Positive = Field(2000, description="N for training and validation queries")
    grid_cells: Positive = Field(8, description="cells along a side of a mask's coarse grid")
    keep_probability: float = Field(0.5, gt=0, lt=1, description="chance that a cell is kept")


class SaliencySettings(Section):
    """[saliency]: which maps are made."""

    generators: list[GeneratorName] = Field(["rise", "random", "centre"], description="maps of test pairs")
    supervision: Literal["rise"] = Field("rise", description="maps that supervise and match attributes")
    rise: RiseSettings = RiseSettings()  # type: ignore[call-arg]

    @model_validator(mode="after")
    def _supervision_is_made(self) -> "SaliencySettings":
        if self.supervision not in self.generators or len(set(self.generators)) != len(self.generators):
            raise ValueError("saliency.generators must be distinct and hold the supervision's generator")
        return self


class AttributeModelSettings(Section):
    """[attribute_model]: the SANE predictor and the classifier beside it."""

    names: list[Literal["sane", "classifier"]] = Field(["sane", "classifier"], description="models to train")
    backbone: Literal["resnet18", "resnet18_three_stage", "small_residual"] = Field("resnet18", description="the trunk")
    pretrained: str | None = Field(None, description="torchvision weights to start from")
    epochs: Positive = Field(300, description="most epochs")
    patience: Positive = Field(20, description="epochs without a better validation mAP before training stops")
    batch_size: Positive = Field(256, description="images per step")
    learning_rate: float = Field(5e-4, gt=0, description="Adam's")
    learning_rate_decay: float = Field(0.985, gt=0, le=1, description="factor per epoch")
    heatmap_weight: float = Field(5e-3, ge=0, description="lambda of L = L_Huber + lambda L_hm")
    huber_reduction: Literal["mean", "sum_attributes"] = Field(
        "mean", description="mean over batch and attributes (the authors' code), or sum over attributes"
    )
    map_temperature: float = Field(3.0, gt=0, description="inverse temperature of normalise_map")


class ExplanationSettings(Section):
    """[explanation]: how an attribute is chosen."""

    variants: list[VariantName] = Field(list(VariantName.__args__), description="rows of the tables")  # type: ignore[attr-defined]
    prior: Literal["count"] = Field("count", description="the prior of sane+match+count")
    prior_smoothing: float = Field(1.0, ge=0, description="pseudo-count of each attribute")
    weight_grid_step: float = Field(0.05, gt=0, le=0.5, description="step of the simplex of weights")


class EvaluationSettings(Section):
    """[evaluation]: intervals and seeds."""

    bootstrap_samples: int = Field(1000, ge=100, description="resamples of queries behind each interval")
    seeds: list[int] = Field([], description="run once per seed; empty: only `seed`")


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
    workers: Positive | None = Field(
        None, description="Dask workers on this machine; empty: one a GPU, or one a core (at most 8)"
    )
    worker_patience_minutes: float = Field(
        60, ge=0, description="how long a run waits for a first Dask worker, or when the last one is gone"
    )
    device: str = Field("auto", description="cpu, cuda, cuda:0; auto: cuda where there is one")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="of the similarity model's passes")
    batch_size: Positive = Field(100, description="images per forward pass")
    threads: int | None = Field(None, ge=1, description="CPU threads; empty: all cores")
    checkpoint_seconds: float = Field(
        60, ge=0, description="least time between two checkpoints of a training, s; 0: one after every epoch"
    )


class Settings(Section):
    """A whole configuration file."""

    seed: int = Field(0, description="of weights, batches, pairs, masks and resamples")
    dataset: DatasetSettings
    store: StoreSettings = StoreSettings()  # type: ignore[call-arg]
    similarity_model: SimilarityModelSettings = SimilarityModelSettings()  # type: ignore[call-arg]
    pairs: PairsSettings = PairsSettings()  # type: ignore[call-arg]
    saliency: SaliencySettings = SaliencySettings()  # type: ignore[call-arg]
    attribute_model: AttributeModelSettings = AttributeModelSettings()  # type: ignore[call-arg]
    explanation: ExplanationSettings = ExplanationSettings()  # type: ignore[call-arg]
    evaluation: EvaluationSettings = EvaluationSettings()  # type: ignore[call-arg]
    compute: ComputeSettings = ComputeSettings()  # type: ignore[call-arg]
