"""Names of the files of the report's folder that belong to pairs: made of ids by digest, never of a dataset's text."""

from hashlib import sha256
from typing import Final

IMAGE_DIGITS: Final = 16
STYLE_SHEET: Final = "assets/pair.css"
SCRIPT: Final = "assets/pair.js"
# From a page in the folder `pairs` to the folder of the report.
TO_ROOT: Final = "../"
JPEG, PNG = "jpg", "png"


def page_path(pair_id: str) -> str:
    """Return the path of a pair's page in the report's folder; `pair_id` is hexadecimal."""
    return f"pairs/{pair_id}.html"


def image_path(image_id: str, is_photograph: bool) -> str:
    """Return the path of an image: photographs are JPEG files, rendered items, which are small, PNG files."""
    return f"images/{image_digest(image_id)}.{JPEG if is_photograph else PNG}"


def small_image_path(image_id: str, is_photograph: bool) -> str:
    """Return the path of an image as it is shown small; a rendered item has one file for both."""
    return f"images/{image_digest(image_id)}-small.{JPEG}" if is_photograph else image_path(image_id, False)


def map_path(pair_id: str, name: str) -> str:
    """Return the path of one of a pair's maps; `name` is of a generator and its mode, or of a side."""
    return f"maps/{pair_id}-{name}.{PNG}"


def image_digest(image_id: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of an image's id."""
    return sha256(image_id.encode("utf-8", "surrogatepass")).hexdigest()[:IMAGE_DIGITS]
