"""A small fake release in the layout of Animals with Attributes 2."""

from collections.abc import Sequence
from pathlib import Path

CLASSES = ("antelope", "grizzly+bear", "lion", "giant+panda", "löwe")
ATTRIBUTES = ("black", "white", "big", "fast")
# Every class is big: a constant attribute is no error.
MATRIX = ("1 0 1 0", "0 1 1 0", "0 0 1 1", "1 1 1 0", "0 0 1 0")


def write_release(
    root: Path,
    train: Sequence[str] = ("antelope", "grizzly+bear"),
    test: Sequence[str] = ("giant+panda", "löwe"),
    images: int = 5,
) -> Path:
    """Write the lists, the matrix and empty image files; the split lists leave a class of classes.txt out."""
    root.mkdir(parents=True, exist_ok=True)
    numbered = {"classes.txt": CLASSES, "predicates.txt": ATTRIBUTES}
    for name, entries in numbered.items():
        lines = [f"{number:6d}\t{entry}" for number, entry in enumerate(entries, start=1)]
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "predicate-matrix-binary.txt").write_text("\n".join(MATRIX) + "\n", encoding="utf-8")
    (root / "trainclasses.txt").write_text("\n".join(train) + "\n", encoding="utf-8")
    (root / "testclasses.txt").write_text("\n".join(test), encoding="utf-8")
    for class_name in {*train, *test} & set(CLASSES):
        folder = root / "JPEGImages" / class_name
        folder.mkdir(parents=True)
        for number in range(images):
            (folder / f"{class_name}_{10001 + number}.jpg").touch()
    return root
