"""Maps of the attributes that answer, over their queries."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.kept_embeddings import read_kept_embeddings
from flows.readers.labelled_embeddings import read_labelled_embeddings
from flows.readers.pair_frame import PairFrame, read_pair_frame
from flows.readers.parts import read_parts_in_view
from flows.readers.saliency_maps import read_maps
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.audit.localisation import localisation_measures
from pipeline.evaluation.audit.part_regions import part_region
from pipeline.explanation.conditional_directions import ConditionalDirections, fit_conditional_directions
from pipeline.explanation.embedding_effect import removal_shifts
from pipeline.saliency.controls.blob import centre_blob
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.rise.attribute_maps import build_attribute_maps
from pipeline.saliency.rise.declaration import RISE
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return `maps` (row, y, x), float16, a row per query and attribute; where it is known how well they find it."""
    upstream, settings = inputs.upstream, inputs.settings
    frame = read_pair_frame(upstream, "test")
    answers = {row["pair_id"]: row["attribute"] for row in upstream.rows("answers", "answers")}
    wanted = _wanted(frame, answers)
    maps = _maps(inputs, frame, wanted)
    size = settings["image_size_px"]
    stacked = np.stack(list(maps.values())) if maps else np.zeros((0, size, size))
    rows = [{"query": query, "attribute": name, "row": row} for row, (query, name) in enumerate(maps)]
    parts: dict[str, Part] = {
        "maps": ArraysPart({"maps": stacked.astype(np.float16)}, {"maps": ("row", "y", "x")}),
        "attribute_map_rows": inputs.table("attribute_map_rows", rows),
    }
    if settings.keys() & {"dataset", "parts"}:
        found = _localised(inputs, frame, answers, maps)
        parts["attribute_localisation"] = inputs.table("attribute_localisation", found)
    return JobResult(parts, {"maps": len(rows)})


def _wanted(frame: PairFrame, answers: dict[str, str | None]) -> dict[str, list[str]]:
    """Return the attributes that answer for each query's pairs, in the order of the vocabulary."""
    by_query: dict[str, set[str]] = {}
    for pair_id, query in zip(frame.pair_ids, frame.queries, strict=True):
        attribute = answers[pair_id]
        if attribute is not None:
            by_query.setdefault(query, set()).add(attribute)
    place = {name: number for number, name in enumerate(frame.attribute_names)}
    return {query: sorted(names, key=place.__getitem__) for query, names in by_query.items()}


def _maps(inputs: JobInputs, frame: PairFrame, wanted: dict[str, list[str]]) -> dict[tuple[str, str], np.ndarray]:
    """Return the map (y, x) of each query and attribute; a query whose passes are not kept has none."""
    upstream, settings = inputs.upstream, inputs.settings
    train = read_labelled_embeddings(upstream, "train")
    fitted = fit_conditional_directions(train.embeddings_nd, train.labels_na, train.types_n)
    labels = _labels(upstream)
    spec = RISE.spec_from(settings["spec"], int(settings["seed"]))
    attribute_maps = build_attribute_maps(spec, settings["image_size_px"])
    column = {name: number for number, name in enumerate(frame.attribute_names)}
    found: dict[tuple[str, str], np.ndarray] = {}
    for commit in upstream.commits(settings["perturbed"]):
        for query, embeddings_nd in read_kept_embeddings(upstream, commit).items():
            names = wanted.get(query, [])
            if names:
                towards_ad = _towards(fitted, labels[query], frame.attribute_groups)[[column[name] for name in names]]
                maps_ahw = attribute_maps(embeddings_nd, towards_ad)
                found |= {(query, name): map_hw for name, map_hw in zip(names, maps_ahw, strict=True)}
    return found


def _towards(fitted: ConditionalDirections, label: str, groups: list[int]) -> np.ndarray:
    """Return (attribute, D) what having each attribute adds: the opposite of what removing it does."""
    return -removal_shifts(fitted.of(label).directions_ad, groups)


def _labels(upstream: Upstream) -> dict[str, str]:
    images = upstream.table("images", "images", "test")
    return dict(zip(images["image_id"].to_pylist(), images["label"].to_pylist(), strict=True))


def _localised(
    inputs: JobInputs,
    frame: PairFrame,
    answers: dict[str, str | None],
    maps: dict[tuple[str, str], np.ndarray],
) -> list[dict[str, Any]]:
    """Return a row of `attribute_localisation` for each pair whose attribute has a map and a known place."""
    region_of = _regions(inputs)
    pairs = zip(frame.pair_ids, frame.queries, strict=True)
    explained = [(pair_id, query, str(answers[pair_id])) for pair_id, query in pairs if answers[pair_id] is not None]
    match_maps = read_maps(inputs.upstream, "rise", FIXED, [pair_id for pair_id, *_ in explained])
    blob_hw = centre_blob(*[int(inputs.settings["image_size_px"])] * 2)
    rows = []
    for pair_id, query, name in explained:
        region_hw = region_of(query, name) if (query, name) in maps else None
        if region_hw is None:
            continue
        compared = {"auroc": maps[query, name], "match_auroc": match_maps.get(pair_id), "centre_auroc": blob_hw}
        found = {column: _auroc(map_hw, region_hw) for column, map_hw in compared.items()}
        rows.append({"pair_id": pair_id, "attribute": name, **found})
    return rows


def _regions(inputs: JobInputs) -> Callable[[str, str], np.ndarray | None]:
    """Return what gives the region (y, x) of an attribute on a query; None where the attribute has no place."""
    settings = inputs.settings
    if "parts" in settings:
        parts, size = read_parts_in_view(inputs.upstream, settings["parts"]), int(settings["image_size_px"])

        def around_parts(query: str, name: str) -> np.ndarray | None:
            points = parts.of(query, name)
            return None if points is None else part_region(points, size)

        return lru_cache(around_parts)
    spec = planted_spec(settings["dataset"])
    return lru_cache(lambda query, name: changed_region(spec, query, name))


def _auroc(map_hw: np.ndarray | None, region_hw: np.ndarray) -> float | None:
    return None if map_hw is None else localisation_measures(map_hw.astype(np.float32), region_hw)["auroc"]
