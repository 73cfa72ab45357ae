"""Images whose colour is what they have in common: easy to learn, 32 px small."""

import numpy as np

from pipeline.similarity.training.data import LabelledPixels

COLOURS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.8, 0.8, 0]])


def colour_problem(per_class: int, seed: int) -> LabelledPixels:
    """Return 32 px images of random blocks with a tint of the class's colour, and the colours as targets."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(np.arange(4), per_class)
    blocks = rng.normal(120, 60, (len(classes), 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2)
    tint = (COLOURS - COLOURS.mean(axis=1, keepdims=True))[classes] * rng.uniform(60, 160, (len(classes), 1))
    pixels = np.clip(blocks + tint[:, None, None], 0, 255).astype(np.uint8)
    targets = (COLOURS[classes] + rng.normal(0, 0.05, (len(classes), 3))).astype(np.float32)
    return LabelledPixels(pixels, classes, targets)
