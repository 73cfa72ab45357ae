"""All pairs as one script, `data/gallery.js`: columns, since a page opened from disk can fetch nothing."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.report.how_sure import LEVELS
from pipeline.report.map_words import PLACES
from pipeline.report.overview.strangest import strangest_pairs
from pipeline.report.pair_table import PairTable
from pipeline.report.thumbnails import image_digest

# Three are shown: with as few more, what is rounded twice seldom differs from what pages of pairs round once.
_DECIMALS: Final = 6


def gallery_script(pairs: PairTable, bright_p: Sequence[int | None]) -> bytes:
    """Return `window.galleryData = {...};` as ASCII, so that no text of a dataset can end or start anything.

    Lists have an entry a pair: `id`; `query` and `reference`, rows of `images`; `group`, `attribute`, rows of `groups`
    and `attributes`, -1 for none; numbers with six decimals, null where not known; `right` true, false or null;
    `together` true where the answer is shown to matter over all pairs, not for its pair alone;
    `replaced`, how much further the similarity falls with images in the query's place that lack the attribute than with
    images as far away that have it; `heading`, what may be said of the match, a row of `headings`, and `sure`, how sure
    that is, a row of `levels`, -1 for both without a row of answers; `measured` true where the truth decided that;
    `bright`, a row of `places` or -1 where the map is not there or flat; `nearest`, rows of the pairs most like it.
    `strangest`, rows of the pairs that the overview calls so, the strangest first.
    `images` has columns of its own: `id`, `label`, `name`, the digest in the name of its thumbnail, and `attributes`, a
    row of `labelSets`: what images are labelled with, each set once, as rows of `labels`.

    Args:
        pairs: all of them.
        bright_p: of each pair where its map is brightest, see `pipeline.report.map_words`.
    """
    image_ids = sorted({*pairs.queries, *pairs.references})
    row_of = {image_id: row for row, image_id in enumerate(image_ids)}
    place_of = {pair_id: row for row, pair_id in enumerate(pairs.pair_ids)}
    groups, group_p = _coded(pairs.groups)
    columns: dict[str, Any] = {
        **_image_columns(pairs, image_ids),
        "groupKind": pairs.group_kind,
        "groups": groups,
        "places": PLACES,
        "id": list(pairs.pair_ids),
        "query": [row_of[image_id] for image_id in pairs.queries],
        "reference": [row_of[image_id] for image_id in pairs.references],
        "group": group_p,
        "similarity": _numbers(pairs.similarity_p),
        **_answer_columns(pairs),
        "disagreement": _numbers(pairs.disagreement_p),
        "insertion": _numbers(pairs.insertion_p),
        "bright": [-1 if place is None else place for place in bright_p],
        "nearest": pairs.nearest_pk.tolist(),
        "strangest": [place_of[one.pair_id] for one in strangest_pairs(pairs)],
    }
    text = json.dumps(columns, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return f"window.galleryData = {text};\n".encode("ascii")


def _image_columns(pairs: PairTable, image_ids: Sequence[str]) -> dict[str, Any]:
    """Return the images' own columns and what their labels are rows of."""
    label_of = dict(zip(pairs.queries, pairs.query_labels, strict=True))
    label_of |= dict(zip(pairs.references, pairs.reference_labels, strict=True))
    labels, label_sets, set_i = _label_sets([pairs.image_labels.get(image_id, ()) for image_id in image_ids])
    images = {
        "id": list(image_ids),
        "label": [label_of[image_id] for image_id in image_ids],
        "name": [image_digest(image_id) for image_id in image_ids],
        "attributes": set_i,
    }
    return {"images": images, "labels": labels, "labelSets": label_sets}


def _answer_columns(pairs: PairTable) -> dict[str, Any]:
    """Return what answers for each pair, how sure that is, and what is true of it."""
    attributes, attribute_p = _coded(pairs.attributes)
    headings, heading_p = _coded([None if one is None else one.heading for one in pairs.sure])
    return {
        "attributes": attributes,
        "attribute": attribute_p,
        "effect": _numbers(pairs.answer_values("effect")),
        "low": _numbers(pairs.answer_values("effect_low")),
        "high": _numbers(pairs.answer_values("effect_high")),
        "probability": _numbers(pairs.answer_values("probability")),
        "together": [row is not None and row.get("told_by") == "all_pairs" for row in pairs.answers],
        "regret": _numbers(pairs.regret_p),
        "right": list(pairs.is_right),
        "replaced": _numbers(pairs.falls_further_p),
        "headings": headings,
        "heading": heading_p,
        "levels": LEVELS,
        "sure": [-1 if one is None else LEVELS.index(one.level) for one in pairs.sure],
        "measured": [one is not None and one.is_measured for one in pairs.sure],
    }


def _coded(names: Sequence[str | None]) -> tuple[list[str], list[int]]:
    """Return the distinct names in order, and the place of each name among them, -1 for None."""
    distinct = sorted({name for name in names if name is not None})
    place = {name: row for row, name in enumerate(distinct)}
    return distinct, [-1 if name is None else place[name] for name in names]


def _label_sets(labels_i: Sequence[Sequence[str]]) -> tuple[list[str], list[list[int]], list[int]]:
    """Return the labels of all images, the distinct sets of them as rows of these, and the set of each image."""
    labels = sorted({label for one in labels_i for label in one})
    place = {label: row for row, label in enumerate(labels)}
    rows_i = [tuple(place[label] for label in one) for one in labels_i]
    sets = {rows: number for number, rows in enumerate(dict.fromkeys(rows_i))}
    return labels, [list(rows) for rows in sets], [sets[rows] for rows in rows_i]


def _numbers(values_p: npt.NDArray[np.float64]) -> list[float | None]:
    return [round(float(value), _DECIMALS) if np.isfinite(value) else None for value in values_p]
