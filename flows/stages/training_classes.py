"""Classes that are too small for a training of the similarity model, refused before anything is computed."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from flows.engine.stage import Stage
from flows.stages.backbone_weights import weights_check
from flows.stages.dataset_index import dataset_index
from pipeline.similarity.training.class_sizes import check_class_sizes


def check_training(stage: Stage, stages: Mapping[str, Stage]) -> None:
    """Refuse a file of weights that is not there, and classes with fewer images than a batch takes of each.

    Classes with a single image are left out of training, and are not counted. Files that cannot be read may leave a
    class fewer: that is refused when the training begins.

    Raises:
        BadDataset: there is such a class, or the dataset on disk is missing or malformed.
        BadModel: there is no such file.
    """
    weights_check("similarity_model")(stage, stages)
    images = stages.get("images")
    # Discovered attributes stand in the place of labels: what they are is not known yet.
    if images is None or "kind" not in images.settings or stage.settings["objective"] == "regression":
        return
    train = [record for record in dataset_index(images).records if record.split == "train"]
    if stage.settings["objective"] == "auto" and all(record.similarity_target is not None for record in train):
        return
    counts = np.array([count for count in Counter(record.label for record in train).values() if count > 1])
    if len(counts):
        check_class_sizes(counts, stage.settings["batch_size"], stage.settings["images_per_class"])
