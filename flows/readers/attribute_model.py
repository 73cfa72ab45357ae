"""Which network a kept attribute model is, to the text beside its tensors and back."""

from collections.abc import Mapping

from flows.engine.upstream import Upstream
from pipeline.attributes.networks import AttributePredictor
from pipeline.attributes.predictor import PredictorSpec, restore_attribute_predictor


def predictor_metadata(spec: PredictorSpec) -> dict[str, str]:
    """Return the network as texts by name."""
    return {
        "backbone": spec.backbone,
        "attributes": str(spec.n_attributes),
        "head": spec.head,
        "region_threshold": str(spec.region_threshold),
    }


def read_attribute_model(upstream: Upstream, stage: str) -> AttributePredictor:
    """Return a trained predictor in evaluation mode, on the CPU.

    Raises:
        BadModel: its tensors do not fit the network that is named beside them.
    """
    tensors, metadata = upstream.store.read_part_tensors(upstream.commits(stage)[0], "model")
    return restore_attribute_predictor(_spec(metadata), tensors)


def _spec(metadata: Mapping[str, str]) -> PredictorSpec:
    return PredictorSpec(
        metadata["backbone"],
        int(metadata["attributes"]),
        metadata["head"],  # type: ignore[arg-type]
        float(metadata["region_threshold"]),
    )
