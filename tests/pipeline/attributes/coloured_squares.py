"""Images with a bright half whose side and colour are their attributes: easy to learn, 32 px small."""

import numpy as np

from pipeline.attributes.training_data import TrainingData


def coloured_squares(n_images: int, seed: int) -> TrainingData:
    """Images of 32 px whose left or right half is bright (attributes 0, 1), red or blue (2, 3)."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (n_images, 32, 32, 3), dtype=np.uint8)
    labels = np.zeros((n_images, 4), dtype=bool)
    targets = np.full((n_images, 2, 4, 4), 0.01, dtype=np.float32)
    for image, (side, colour) in enumerate(rng.integers(0, 2, (n_images, 2))):
        pixels[image, :, 16 * side : 16 * side + 16, 2 * colour] += 150
        labels[image, [side, 2 + colour]] = True
        targets[image, :, :, 2 * side : 2 * side + 2] = 0.115
    targets[::3, 1] = np.nan
    return TrainingData(pixels, labels, targets)
