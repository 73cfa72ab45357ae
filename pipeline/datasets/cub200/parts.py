"""The 15 parts of birds that CUB-200-2011 locates on each photograph, and which attributes are of which part."""

from pathlib import Path

from pipeline.datasets.numbered_lines import malformed_line, numbered_fields, read_numbered
from pipeline.datasets.parts import LocatedParts, PartLocation

IMAGES, PARTS, LOCATIONS = "images.txt", "parts/parts.txt", "parts/part_locs.txt"
_EYES, _LEGS, _WINGS = (tuple(f"{side} {part}" for side in ("left", "right")) for part in ("eye", "leg", "wing"))
# By what stands before "::" in an attribute's name. The release does not say it: this follows the words of its names.
# Upperparts and underparts are several parts; size, shape and primary colour are of the whole bird.
PARTS_OF = {
    "has_back_color": ("back",),
    "has_back_pattern": ("back",),
    "has_belly_color": ("belly",),
    "has_belly_pattern": ("belly",),
    "has_bill_color": ("beak",),
    "has_bill_length": ("beak",),
    "has_bill_shape": ("beak",),
    "has_breast_color": ("breast",),
    "has_breast_pattern": ("breast",),
    "has_crown_color": ("crown",),
    "has_eye_color": _EYES,
    "has_forehead_color": ("forehead",),
    "has_head_pattern": ("crown", "forehead"),
    "has_leg_color": _LEGS,
    "has_nape_color": ("nape",),
    "has_tail_pattern": ("tail",),
    "has_tail_shape": ("tail",),
    "has_throat_color": ("throat",),
    "has_under_tail_color": ("tail",),
    "has_underparts_color": ("breast", "belly"),
    "has_upper_tail_color": ("tail",),
    "has_upperparts_color": ("back", "nape"),
    "has_wing_color": _WINGS,
    "has_wing_pattern": _WINGS,
    "has_wing_shape": _WINGS,
}


def parts_of_attribute(name: str) -> tuple[str, ...]:
    """Return the parts that an attribute such as "has_bill_shape::dagger" is of, none for one of the whole bird."""
    return PARTS_OF.get(name.partition("::")[0], ())


def read_part_locations(root: Path) -> list[PartLocation]:
    """Return every part that can be seen, in the order of the list; ids of images are their files' names.

    A line of part_locs.txt has image, part, x, y in px, and 1 where the part can be seen.

    Raises:
        BadDataset: a list is missing, or a line is malformed or of an unknown image or part.
    """
    images, parts = read_numbered(root / IMAGES), read_numbered(root / PARTS)
    path, found = root / LOCATIONS, []
    for place, fields in numbered_fields(path, 5):
        image, part, x, y, is_visible = fields
        if not (image.isdecimal() and part.isdecimal()) or int(image) not in images or int(part) not in parts:
            raise malformed_line(path, place, f"an image of {IMAGES} and a part of {PARTS}", " ".join(fields))
        if is_visible not in ("0", "1"):
            raise malformed_line(path, place, "0 or 1 at its end", " ".join(fields))
        if is_visible == "1":
            x_px, y_px = (_number(text, path, place) for text in (x, y))
            found.append(PartLocation(Path(images[int(image)]).stem, parts[int(part)], x_px, y_px))
    return found


def _number(text: str, path: Path, place: int) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise malformed_line(path, place, "x and y in px", text) from error


CUB_PARTS = LocatedParts((IMAGES, PARTS, LOCATIONS), read_part_locations, parts_of_attribute, __name__)
