"""[attribute_model]: which predictors of attributes are trained, and how."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from flows.settings.section import (
    BatchSize,
    Epochs,
    FilePath,
    NumberFromZero,
    PositiveNumber,
    Section,
    Share,
)
from pipeline.attributes.catalogue import ATTRIBUTE_MODELS

if TYPE_CHECKING:
    ModelName = str
else:
    # The names of the table; to a type checker any text.
    ModelName = Literal[tuple(ATTRIBUTE_MODELS)]


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
