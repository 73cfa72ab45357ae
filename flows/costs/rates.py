"""The rates that costs are computed with: seconds of the work's building blocks on one device."""

from collections.abc import Mapping
from dataclasses import dataclass

# Where they are kept, below the root of a store.
FOLDER = "calibration"


@dataclass(frozen=True)
class Calibration:
    """Seconds on one device, at one image size, precision and batch size; medians of several repetitions.

    What one thread computes is counted in CPU time, so that a busy machine makes it hardly longer. A stage says how
    often it pays each of these rates, by their names here.

    Attributes:
        forward_image: an image through the similarity network.
        gradient_image: an image forward and backward through it; 0 for a black box.
        attribute_forward_image: an image through the attribute predictor; 0 where images have no attributes.
        attribute_gradient_image: an image forward and backward through it, likewise.
        prepared_image: an image decoded or rendered.
        written_shard: a small shard committed.
        read_part: a small part read and verified.
        start_up: torch and what the jobs import loaded, once a process; None where it was loaded already.
    """

    forward_image: float
    gradient_image: float
    attribute_forward_image: float
    attribute_gradient_image: float
    prepared_image: float
    written_shard: float
    read_part: float
    start_up: float | None

    def seconds(self, rates: Mapping[str, float]) -> float:
        """Return the seconds of a shard that pays these rates so often, beside its own commit."""
        paid: float = sum(count * getattr(self, name) for name, count in rates.items())
        return paid + self.written_shard
