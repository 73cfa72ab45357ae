"""What a training with mining refuses before its first pass."""

import numpy as np

from pipeline.errors import BadSetting
from pipeline.mining.spec import MiningSpec
from pipeline.similarity.training.data import LabelledPixels, SimilarityTrainingSpec, check_training_data
from pipeline.similarity.training.epoch_length import images_of_a_class


def check_mined_training(training: SimilarityTrainingSpec, mining: MiningSpec, train: LabelledPixels) -> None:
    """Refuse data and settings from which no batch of tuples can be made.

    Raises:
        BadDataset: see check_training_data.
        BadSetting: a batch holds too few classes for a tuple, or maps of a classifier are asked for without one.
    """
    check_training_data(training, train)
    per_class = images_of_a_class(training.batch_size, training.images_per_class)
    n_classes = len(np.unique(train.classes_n))
    in_a_batch, needed = min(training.batch_size // per_class, n_classes), max(2, mining.images_of_a_tuple - 1)
    if in_a_batch < needed:
        raise BadSetting(
            expected=f"at least {needed} classes in a batch, which similarity_model.objective = {mining.loss!r} needs",
            found=f"{in_a_batch}: batches of {training.batch_size}, {per_class} images of a class, {n_classes} classes",
            where="similarity_model.batch_size, similarity_model.images_per_class",
            remedy="raise the batch size, or take fewer images of a class",
        )
    if mining.mines and mining.maps == "grad_cam" and mining.classification_weight == 0:
        raise BadSetting(
            expected="similarity_model.mining.classification_weight above 0 for maps 'grad_cam'",
            found="0: no classifier is trained whose maps could be erased",
            where="similarity_model.mining.maps",
            remedy="set classification_weight, 0.25 in the paper, or maps = 'similarity_attention'",
        )
