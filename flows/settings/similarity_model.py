"""The settings of the model that is explained: one of ours, or the user's own."""

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from flows.settings.mining import MiningSettings
from flows.settings.section import Epochs, FilePath, NumberFromZero, PositiveNumber, Section
from pipeline.mining.names import STRIPES
from pipeline.setting_limits import IMAGES_AT_ONCE, IN_FLOAT32, AtLeast, AtMost


def _plain_value(value: Any) -> Any:
    """Return a value that can stand in a key: what has one JSON text.

    Raises:
        ValueError: it, or something within it, has none; the message says where.
    """
    for place, inner in _leaves("", value):
        if isinstance(inner, float) and not math.isfinite(inner):
            found = f"{inner} is none and cannot name a result"
        elif not isinstance(inner, bool | int | float | str):
            found = f"{inner} is a {type(inner).__name__}, to be written in quotes"
        else:
            continue
        where = f" (at {place.lstrip('.')})" if place else ""
        raise ValueError(f"finite numbers, text, true or false, or lists and tables of these: {found}{where}")
    return value


def _leaves(place: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        inner = [(f"{place}[{number}]", item) for number, item in enumerate(value)]
    elif isinstance(value, dict):
        inner = [(f"{place}.{name}", item) for name, item in value.items()]
    else:
        return [(place, value)]
    return [leaf for within, item in inner for leaf in _leaves(within, item)]


ArgumentValue = Annotated[Any, AfterValidator(_plain_value)]
EmbeddingLength = Annotated[int, Field(ge=1), AtMost(65_536, "a network's head then has 34 million weights")]
TrainingBatchSize = Annotated[int, Field(ge=8), IMAGES_AT_ONCE]
ImagesPerClass = Annotated[int, Field(ge=2), IMAGES_AT_ONCE]
Stripes = Annotated[int, Field(ge=2), AtMost(64, "a feature map seldom has more rows")]
Negatives = Annotated[int, Field(ge=1), AtMost(10_000, "all triplets of a step are held in memory")]
InputSize = Annotated[int, Field(ge=1), AtMost(4096, "an image of this side takes 200 MB, 100 of them 20 GB")]
ChannelMean = Annotated[float, AtLeast(-1e6, IN_FLOAT32.reason), IN_FLOAT32]
DEFAULT_IMAGES_PER_CLASS = 4
FACTORY = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"
FACTORY_KEYS = frozenset({"factory", "factory_path", "factory_arguments", "factory_files", "array_type", "conditions"})
USER_MODEL_KEYS = FACTORY_KEYS | {"program", "input_size_px", "mean", "std", "version"}
MINED_OBJECTIVES = ("contrastive", "quadruplet", STRIPES)
TYPE_AWARE_KEYS = frozenset({"negatives", "general_weight", "mask_weight", "norm_weight"})


class SimilarityModelSettings(Section):
    """[similarity_model]: the model that is explained."""

    kind: Literal["resnet18", "type_aware", "user"] = Field(
        "resnet18",
        description="resnet18: residual network with an embedding head; "
        "type_aware: besides, a mask per pair of item types, trained on outfits; "
        "user: your own, by factory or program",
    )
    network: Literal["resnet18", "resnet18_three_stage", "resnet50", "small_residual"] = Field(
        "resnet18_three_stage", description="the trunk"
    )
    weights: FilePath | None = Field(None, description="safetensors or torch state dict, instead of training")
    pretrained: str | None = Field(None, description="torchvision weights to start from, e.g. IMAGENET1K_V1")
    backbone_weights: FilePath | None = Field(
        None,
        description="file to start from instead: safetensors or torch state dict of the trunk or of a network with it, "
        "under torchvision's names or this project's",
    )
    embedding_dim: EmbeddingLength = Field(64, description="length of an embedding")
    objective: Literal["auto", "triplet", "regression", "contrastive", "quadruplet", "stripe_classification"] = Field(
        "auto",
        description="triplet, contrastive (siamese) or quadruplet on classes, regression on graded targets; "
        "stripe_classification: a classifier of the class for each horizontal stripe of the last feature map (Sun et "
        "al., 2018); auto: triplet or regression, as the dataset gives",
    )
    stripes: Stripes = Field(
        6,
        description="stripe_classification: horizontal stripes, whose vectors side by side are the embedding; at most "
        "the rows of the last feature map",
    )
    epochs: Epochs = Field(60, description="most epochs")
    patience: Epochs = Field(20, description="epochs without improvement before training stops")
    batch_size: TrainingBatchSize = Field(64, description="images per step")
    images_per_class: ImagesPerClass = Field(
        DEFAULT_IMAGES_PER_CLASS,
        description="images of one class in a batch; classes with fewer training images are refused",
    )
    learning_rate: PositiveNumber = Field(1e-3, description="AdamW, decayed along a cosine")
    weight_decay: NumberFromZero = Field(1e-4, description="AdamW's")
    margin: PositiveNumber = Field(
        0.2,
        description="of the triplet loss, on distances of unit embeddings (type_aware: squared distances); "
        "contrastive: the distance up to which images of two classes are pushed apart, such as 1",
    )
    flips: bool = Field(True, description="mirror half of the training images")
    negatives: Negatives = Field(4, description="type_aware: most negatives drawn for each pair of items")
    general_weight: NumberFromZero = Field(5e-5, description="type_aware: weight of the loss on general embeddings")
    mask_weight: NumberFromZero = Field(5e-4, description="type_aware: weight of the masks' L1 norm")
    norm_weight: NumberFromZero = Field(5e-4, description="type_aware: weight of the general embeddings' L2 norm")
    mining: MiningSettings = MiningSettings()  # type: ignore[call-arg]
    factory: str | None = Field(
        None, description="user: package.module:function that returns the model; its code is run"
    )
    factory_path: FilePath | None = Field(
        None, description="user: folder that the factory's module is imported from; empty: this file's own folder"
    )
    factory_arguments: dict[str, ArgumentValue] = Field(
        {}, description="user: keyword arguments of the factory: numbers, text, lists and tables"
    )
    factory_files: dict[str, FilePath] = Field(
        {}, description="user: files, such as weights, handed to the factory as keyword arguments (absolute paths)"
    )
    program: FilePath | None = Field(
        None, description="user: a file of torch.export.save instead of a factory; load only one that you trust"
    )
    array_type: Literal["torch", "numpy"] = Field(
        "torch", description="user: what embed gets: tensors on compute.device, or numpy arrays"
    )
    input_size_px: InputSize | None = Field(
        None,
        description="user: side that images are resized to; empty: dataset.image_size_px, which unless set follows a "
        "larger side here",
    )
    mean: tuple[ChannelMean, ChannelMean, ChannelMean] | None = Field(
        None, description="user: RGB subtracted from values 0 to 1; empty: values stay 0 to 1"
    )
    std: tuple[PositiveNumber, PositiveNumber, PositiveNumber] | None = Field(
        None, description="user: RGB to divide by after subtracting the mean"
    )
    conditions: bool = Field(
        False, description="user: score pairs of items under the masks of the model's method condition_masks()"
    )
    version: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="user: change it when the model changed in a way that neither its code nor its files show",
    )

    @property
    def name(self) -> str:
        """What tables and the report call the model."""
        if self.kind != "user":
            return self.network
        return " ".join(filter(None, ("user", self.factory or "program", self.version)))

    @property
    def is_mined(self) -> bool:
        """Whether the training is that of pipeline.mining, which knows more losses than the plain one."""
        return self.objective in MINED_OBJECTIVES or self.mining.is_asked_for

    @field_validator("factory")
    @classmethod
    def _module_and_function(cls, value: str | None) -> str | None:
        if value is not None and re.fullmatch(FACTORY, value) is None:
            raise ValueError("module:function, such as my_model:build for the function build in my_model.py")
        return value

    @model_validator(mode="after")
    def _keys_of_its_kind(self) -> "SimilarityModelSettings":
        is_user = self.kind == "user"
        foreign = sorted(name for name in self.model_fields_set - {"kind"} if (name in USER_MODEL_KEYS) != is_user)
        if foreign:
            raise ValueError(f"no similarity_model.{foreign[0]} where similarity_model.kind is {self.kind!r}")
        if is_user and (self.factory is None) == (self.program is None):
            raise ValueError("either similarity_model.factory or similarity_model.program")
        if self.program is not None and self.conditions:
            raise ValueError("similarity_model.conditions with a factory only: a program has no method condition_masks")
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

    @model_validator(mode="after")
    def _one_start(self) -> "SimilarityModelSettings":
        if self.backbone_weights is None:
            return self
        for name in ("pretrained", "weights"):
            if getattr(self, name) is not None:
                raise ValueError(f"either similarity_model.{name} or similarity_model.backbone_weights")
        return self

    @model_validator(mode="after")
    def _mining_can_be_trained(self) -> "SimilarityModelSettings":
        if not self.is_mined:
            return self
        if self.kind != "resnet18" or self.weights is not None:
            raise ValueError(
                "similarity_model.kind 'resnet18' without similarity_model.weights for similarity_model.mining and the "
                "objectives 'contrastive', 'quadruplet' and 'stripe_classification': other models are not trained on "
                "classes"
            )
        if self.objective not in ("triplet", *MINED_OBJECTIVES):
            raise ValueError(
                "similarity_model.objective 'contrastive', 'triplet' or 'quadruplet', or 'stripe_classification', with "
                "similarity_model.mining: its tuples are made of classes"
            )
        if self.objective == STRIPES and self.embedding_dim % self.stripes:
            raise ValueError(
                f"similarity_model.embedding_dim that similarity_model.stripes share equally: {self.embedding_dim} is "
                f"no multiple of {self.stripes}"
            )
        if self.mining.maps == "grad_cam" and self.mining.classification_weight == 0:
            raise ValueError(
                "similarity_model.mining.classification_weight above 0 for similarity_model.mining.maps 'grad_cam', "
                "which are of the classifier"
            )
        return self
