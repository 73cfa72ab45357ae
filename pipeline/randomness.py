"""Random draws keyed by what they are for, never by batch, worker or order."""

import hashlib

import numpy as np


def derive_seed(*parts: object) -> int:
    """Return a 63-bit seed that depends on every part (seed, item id, purpose) and on nothing else."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def keyed_rng(*parts: object) -> np.random.Generator:
    """Return a counter-based (Philox) generator for exactly this combination of parts."""
    return np.random.Generator(np.random.Philox(derive_seed(*parts)))
