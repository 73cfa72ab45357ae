"""Checkpoints of a shard that is being worked on: what a killed job goes on from.

    <root>/<stage instance>/checkpoints/<shard key>/epoch-<number>-<digest>-<random>.safetensors

Files are only ever created. The two newest epochs are kept, so that a damaged file costs the epochs since the one
before and no more. A checkpoint is no result: no manifest or commit names it, and it goes when the shard is done.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from stores.digests import digest_model
from stores.errors import CorruptArtifact, StoreError, UnreachableStore
from stores.location import Location
from stores.models import read_tensors, write_tensors

_CHECKPOINTS = "checkpoints"
_NAME = re.compile(r"epoch-(\d{6,})-([0-9a-f]{64})-[0-9a-f]{8}\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """An unfinished computation after some epochs.

    Attributes:
        epoch: finished epochs, at least 0.
        tensors: arrays by name.
        text: whatever else belongs to it.
    """

    epoch: int
    tensors: Mapping[str, np.ndarray]
    text: str


class CheckpointFolder:
    """The checkpoints of one shard.

    Args:
        folder: where they lie; need not exist.
        owner: names the shard; a checkpoint that was copied from another shard's folder is refused by it.
    """

    def __init__(self, folder: Location, owner: str) -> None:
        self.folder = folder
        self._owner = owner

    def write(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint, then remove those that are older than the one before it.

        Raises:
            SchemaMismatch: when a dtype cannot be stored.
            ReadOnlyStore: when the place cannot be written.
        """
        metadata = {"epoch": str(checkpoint.epoch), "owner": self._owner, "text": checkpoint.text}
        digest = digest_model(checkpoint.tensors, metadata)
        # The random part lets an epoch be written again beside a damaged file of the same epoch.
        name = f"epoch-{checkpoint.epoch:06d}-{digest}-{secrets.token_hex(4)}.safetensors"
        write_tensors(self.folder.child(name), checkpoint.tensors, metadata)
        older = [(epoch, name) for epoch, name in self._names() if epoch < checkpoint.epoch]
        for epoch, name in older:
            if epoch < older[-1][0]:
                self.folder.child(name).remove_tree()

    def read_newest(self) -> tuple[Checkpoint | None, list[StoreError]]:
        """Return the newest checkpoint that can be read, if any, and what is wrong with each newer one.

        Raises:
            StoreError: when the folder cannot be listed.
        """
        problems: list[StoreError] = []
        for epoch, name in reversed(self._names()):
            try:
                return self._read(epoch, name), problems
            except UnreachableStore:
                raise
            except StoreError as error:
                problems.append(error)
        return None, problems

    def remove(self) -> None:
        """Remove all of them, with what killed writers left; nothing happens when there is none.

        Raises:
            ReadOnlyStore: when the place cannot be written.
        """
        self.folder.remove_tree()

    def _names(self) -> list[tuple[int, str]]:
        """Return (epoch, name) of all checkpoints, oldest first; other names are no checkpoints."""
        found = ((_NAME.fullmatch(name), name) for name in self.folder.list_names())
        return sorted((int(match[1]), name) for match, name in found if match)

    def _read(self, epoch: int, name: str) -> Checkpoint:
        match = _NAME.fullmatch(name)
        place = self.folder.child(name)
        tensors, metadata = read_tensors(place, match[2] if match else None)
        if (metadata.get("epoch"), metadata.get("owner")) != (str(epoch), self._owner) or "text" not in metadata:
            raise CorruptArtifact(
                expected=f"epoch {epoch} of {self._owner}",
                found=f"epoch {metadata.get('epoch')} of {metadata.get('owner')}",
                where=place.url,
                remedy="delete the file: an earlier checkpoint is taken, or the work begins anew",
            )
        return Checkpoint(epoch, tensors, metadata["text"])


def shard_checkpoints(root: Location, stage: str, shard_key: str) -> CheckpointFolder:
    """Return where a shard that is being worked on keeps its checkpoints, below a store's root."""
    return CheckpointFolder(root.child(stage, _CHECKPOINTS, shard_key), f"{stage}, shard {shard_key}")


def forget_checkpoints(root: Location, stage: str, shard_keys: Iterable[str]) -> None:
    """Remove the checkpoints of these shards; those of others stay, and what is not there is fine.

    Raises:
        StoreError: when the folder cannot be listed.
        ReadOnlyStore: when the place cannot be written.
    """
    # Hardly any stage has checkpoints: one listing is cheaper than asking for each of many shards.
    for key in set(root.child(stage, _CHECKPOINTS).list_names()).intersection(shard_keys):
        shard_checkpoints(root, stage, key).remove()
