"""A small fake Stanford Online Products in the release's layout; photographs are empty files."""

from pathlib import Path

KINDS = ("bicycle", "coffee_maker")
HEADER = "image_id class_id super_class_id path"


def write_products(root: Path, classes: int = 6, images: int = 2) -> Path:
    """Write both lists, numbers running on from one to the other, and the folders of the two super classes."""
    root.mkdir(parents=True, exist_ok=True)
    image, product = 0, 0
    for name in ("Ebay_train.txt", "Ebay_test.txt"):
        lines = [HEADER]
        for _ in range(classes):
            product += 1
            kind = product % len(KINDS)
            for view in range(images):
                image += 1
                # As in the release, the ending is in capitals.
                path = f"{KINDS[kind]}_final/1110851{product:05d}_{view}.JPG"
                (root / path).parent.mkdir(exist_ok=True)
                (root / path).touch()
                lines.append(f"{image} {product} {kind + 1} {path}")
        (root / name).write_text("\n".join(lines) + "\n", encoding="ascii")
    return root
