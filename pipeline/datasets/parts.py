"""Where named parts lie on the photographs of a dataset, and where that is in the square that a model sees."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.datasets.fitting import covered_box


@dataclass(frozen=True)
class PartLocation:
    """One part that can be seen on one photograph.

    Attributes:
        image_id: of the photograph.
        part: its name.
        x_px: from the left edge of the photograph.
        y_px: from its upper edge.
    """

    image_id: str
    part: str
    x_px: float
    y_px: float


@dataclass(frozen=True)
class LocatedParts:
    """What a dataset declares of the parts that its release locates.

    Attributes:
        files: that they are read from, relative to the dataset's root; without any of them no part is located.
        read: returns all parts that can be seen, from the root; raises BadDataset.
        of_attribute: returns the parts that an attribute is of, by its name; none for one of the whole.
        module: the module of both functions, on which what is made of parts depends.
    """

    files: tuple[str, ...]
    read: Callable[[Path], Sequence[PartLocation]]
    of_attribute: Callable[[str], tuple[str, ...]]
    module: str


def place_in_view(point_px: tuple[float, float], fit: str, image_px: tuple[int, int]) -> tuple[float, float] | None:
    """Return where a point of a photograph lies in its square, (x, y) from 0 to 1; None where the square lacks it.

    Args:
        point_px: x and y on the photograph.
        fit: "crop", "pad" or "stretch".
        image_px: width and height of the upright photograph.
    """
    box = covered_box(fit, *image_px)
    x, y = (point_px[0] - box.left) / box.width, (point_px[1] - box.top) / box.height
    return (x, y) if 0 <= x < 1 and 0 <= y < 1 else None


@dataclass(frozen=True)
class PartsInView:
    """Where the parts of images lie in the squares that a model sees.

    Attributes:
        points: (x, y) from 0 to 1 of each part that the square shows, by image and part.
        declared: what the dataset says of parts.
    """

    points: Mapping[str, Mapping[str, tuple[float, float]]]
    declared: LocatedParts

    def of(self, image_id: str, attribute: str | None) -> list[tuple[float, float]] | None:
        """Return the points of an attribute's parts, none where they cannot be seen.

        None where the attribute is of no part, or nothing is located on any image.
        """
        parts = () if attribute is None else self.declared.of_attribute(attribute)
        located = self.points.get(image_id, {})
        return [located[part] for part in parts if part in located] if parts and self.points else None


def parts_in_view(
    images: Iterable[Mapping[str, Any]], locations: Iterable[Mapping[str, Any]], fit: str, declared: LocatedParts
) -> PartsInView:
    """Return where the located parts of some images lie in their squares; other images' parts are passed over.

    Args:
        images: `image_id`, `width_px` and `height_px` of each.
        locations: the fields of a `PartLocation` each.
        fit: "crop", "pad" or "stretch".
        declared: what the dataset says of parts.
    """
    sizes = {row["image_id"]: (row["width_px"], row["height_px"]) for row in images}
    points: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for row in locations:
        image_px = sizes.get(row["image_id"])
        place = image_px and place_in_view((row["x_px"], row["y_px"]), fit, image_px)
        if place:
            points[row["image_id"]][row["part"]] = place
    return PartsInView(points, declared)
