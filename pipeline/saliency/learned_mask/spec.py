"""The settings of Mask."""

from dataclasses import dataclass

from pipeline.errors import BadSetting


@dataclass(frozen=True)
class MaskSpec:
    """How a mask is learned.

    Attributes:
        iterations: Adam's steps, at most.
        learning_rate: Adam's.
        mask_cells: cells along a side of a mask, at least 2.
        sparsity_weight: of mean |1 - m|.
        smoothness_weight: of TV_3(m), see mask_descent.penalties.
        noise_deviation: of the noise on every manipulated image, in units of normalised images.
        blur_px: odd side of the median's window, at model resolution.
        pairs_per_batch: pairs that are optimised together; fewer where the scorer's batch is smaller.
        patience: a pair stops when the mean loss of its last `patience` iterations is not lower by `tolerance` than
            that of as many before; looked at every `patience` iterations. None: it never stops early.
        tolerance: see patience.
        seed: of the noise.
    """

    iterations: int = 500
    learning_rate: float = 0.1
    mask_cells: int = 14
    sparsity_weight: float = 0.01
    smoothness_weight: float = 0.2
    noise_deviation: float = 0.2
    blur_px: int = 11
    pairs_per_batch: int = 32
    patience: int | None = None
    tolerance: float = 1e-3
    seed: int = 0

    def check(self) -> None:
        """Refuse settings that no mask can be learned with.

        Raises:
            BadSetting: one is out of range.
        """
        counts = (self.iterations, self.pairs_per_batch, 1 if self.patience is None else self.patience)
        not_negative = (self.sparsity_weight, self.smoothness_weight, self.noise_deviation)
        sizes = self.mask_cells >= 2 and self.blur_px >= 1 and self.blur_px % 2 == 1
        if not (min(counts) >= 1 and self.learning_rate > 0 and min(not_negative) >= 0 and sizes):
            raise BadSetting(
                expected="iterations, pairs_per_batch and patience >= 1, learning_rate > 0, weights and noise >= 0, "
                "mask_cells >= 2, an odd blur_px",
                found=str(self),
                where="saliency.mask",
                remedy="correct the setting",
            )
