"""Two models on the same pairs: their figures, their answers, their maps. Must not import torch."""
