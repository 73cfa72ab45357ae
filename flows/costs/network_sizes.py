"""Sizes of stored networks, known without building them; a test compares them with the networks themselves."""

from dataclasses import dataclass

FLOAT32_BYTES = 4


@dataclass(frozen=True)
class TrunkSize:
    """A trunk's state dict: bytes of all tensors, their number, channels of the last feature map."""

    state_bytes: int
    tensors: int
    channels: int


TRUNKS = {
    "resnet18": TrunkSize(44_744_608, 120, 512),
    "resnet18_three_stage": TrunkSize(11_149_176, 90, 256),
    "small_residual": TrunkSize(1_217_040, 60, 128),
}


def embedding_network_size(network: str, embedding_dim: int) -> tuple[int, int]:
    """Return (bytes, tensors) of a similarity model's state dict."""
    trunk = TRUNKS[network]
    # The small trunk is pooled by mean and maximum, side by side.
    pooled = trunk.channels * (2 if network == "small_residual" else 1)
    return trunk.state_bytes + FLOAT32_BYTES * embedding_dim * (pooled + 1), trunk.tensors + 2


def attribute_predictor_size(backbone: str, n_attributes: int) -> tuple[int, int]:
    """Return (bytes, tensors) of an attribute predictor's state dict."""
    trunk = TRUNKS[backbone]
    return trunk.state_bytes + FLOAT32_BYTES * 9 * trunk.channels * n_attributes, trunk.tensors + 1
