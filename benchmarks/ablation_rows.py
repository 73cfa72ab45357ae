"""What the ablation varies, one thing at a time, and all presets of the authors' code at once."""

from dataclasses import dataclass
from typing import Final

# SANE in full, as the papers' tables have it last.
FULL: Final = "sane+match+count"
BASE: Final = "base"


@dataclass(frozen=True)
class AblationRow:
    """A way of making explanations.

    Attributes:
        name: says what differs from the row it is compared with.
        overrides: key=value over the base run.
        variant: whose answers are scored.
        model: whose recognition of attributes is scored.
        against: name of the row that it is compared with.
    """

    name: str
    overrides: tuple[str, ...] = ()
    variant: str = FULL
    model: str = "sane"
    against: str = BASE


# The variants that rows with overrides make; the others are made by the base run alone, each with its own training.
ROW_VARIANTS: Final = ("sane", "sane+match", FULL)
BASE_VARIANTS: Final = (*ROW_VARIANTS, "classifier", "classifier_fc", "fashion_search_net", "fashion_search_net+match")
# What says which images are alike but for an attribute: fixed, so that no row moves the measure.
MEASURE: Final = 'evaluation.replacement_models=["classifier"]'
REPLACEMENTS: Final = (1, 5, 10)
DEFAULT_REPLACEMENTS: Final = 5

ROWS: Final = (
    AblationRow(BASE),
    AblationRow("without prior", variant="sane+match"),
    AblationRow("without match and prior", variant="sane"),
    AblationRow("classifier instead", variant="classifier", model="classifier"),
    AblationRow("fully connected head", variant="classifier_fc", model="classifier_fc", against="classifier instead"),
    AblationRow(
        "FashionSearchNet, matched",
        variant="fashion_search_net+match",
        model="fashion_search_net",
        against="without prior",
    ),
    AblationRow("map_temperature = 1", ("attribute_model.map_temperature=1",)),
    AblationRow("map_temperature = 10", ("attribute_model.map_temperature=10",)),
    AblationRow("map_normalisation = authors_code", ("attribute_model.map_normalisation=authors_code",)),
    AblationRow("huber_reduction = mean", ("attribute_model.huber_reduction=mean",)),
    AblationRow("heatmap_weight = 0.0005", ("attribute_model.heatmap_weight=0.0005",)),
    AblationRow("heatmap_weight = 0.05", ("attribute_model.heatmap_weight=0.05",)),
    AblationRow("heatmap_weight = 0.5", ("attribute_model.heatmap_weight=0.5",)),
    AblationRow("replacements = 1", ("evaluation.replacements=1",)),
    AblationRow("replacements = 10", ("evaluation.replacements=10",)),
    AblationRow("weights = papers", ("explanation.weights=papers",)),
    AblationRow("weights_measure = removal", ("explanation.weights_measure=removal",)),
    AblationRow(
        "the code's presets together",
        (
            "attribute_model.map_normalisation=authors_code",
            "attribute_model.huber_reduction=mean",
            "explanation.weights=papers",
        ),
    ),
)
