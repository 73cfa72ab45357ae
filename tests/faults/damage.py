"""Choosing files of a store by what they are, and damaging them at places that a name alone decides."""

import json
import random
from collections import defaultdict
from pathlib import Path

KINDS = ("manifest", "commit", "zarr metadata", "zarr chunk", "parquet", "safetensors", "zip")


def kind_of(file: Path) -> str | None:
    """Return what a file of a store is, or None for what is no artifact."""
    if "shards" not in file.parts:
        return "manifest" if len(file.stem) == 64 else None
    if file.name == "commit.json":
        return "commit"
    if file.name == "zarr.json":
        return "zarr metadata"
    if ".zarr/" in file.as_posix():
        return "zarr chunk"
    return {".parquet": "parquet", ".safetensors": "safetensors", ".zip": "zip"}[file.suffix]


def unit_of(file: Path) -> str:
    """Return the shard or the manifest that a file belongs to."""
    parts = file.parts
    return "/".join(parts[: parts.index("shards") + 2]) if "shards" in parts else file.as_posix()


def pick_files(store: Path, wanted: dict[str, int], draw: random.Random) -> list[Path]:
    """Return so many files of each kind, no two of one shard, so that no damage hides behind another."""
    files = defaultdict(list)
    for path in sorted(path for path in store.rglob("*") if path.is_file()):
        relative = path.relative_to(store)
        kind = kind_of(relative) if len(relative.parts) > 1 and relative.parts[0] not in ("runs", "leases") else None
        if kind is not None:
            files[kind].append(relative)
    taken: set[str] = set()
    picked: list[Path] = []
    # Rare kinds first, or their few shards would be taken by others.
    for kind in sorted(wanted, key=lambda kind: len(files[kind])):
        draw.shuffle(files[kind])
        free = []
        for file in files[kind]:
            if unit_of(file) not in taken and len(free) < wanted[kind]:
                free.append(file)
                taken.add(unit_of(file))
        assert len(free) == wanted[kind], f"too few files of kind {kind}"
        picked += free
    return picked


def flip_byte(file: Path, draw: random.Random) -> str:
    """Change one byte of a file to another value, and return where and how."""
    data = bytearray(file.read_bytes())
    position = draw.randrange(len(data))
    old = data[position]
    data[position] ^= draw.randrange(1, 256)
    file.write_bytes(data)
    return f"{file}: byte {position} of {len(data)}, {old:#04x} -> {data[position]:#04x}"


def means_the_same(before: bytes, after: bytes) -> bool:
    """Return whether two contents of a JSON file say the same, such as where white space became other white space."""
    try:
        return bool(json.loads(before) == json.loads(after))
    except ValueError:
        return False
