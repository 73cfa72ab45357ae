"""The report: reads what the run has made, hands plain values to its pages, keeps them as one ZIP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.discovered_groups import read_groups
from flows.readers.image_lookup import PixelLookup
from flows.readers.match_parts import read_match_parts
from flows.readers.report_edits import RECOLOURED, WHOLE, read_edits
from flows.readers.report_maps import gallery_pairs
from flows.readers.report_pairs import read_pair_table
from flows.readers.report_thumbnails import read_thumbnails
from flows.readers.saliency_maps import read_attribute_maps, read_maps
from flows.readers.shown_images import Photographs, ShownImages
from flows.readers.stage_records import stage_record
from pipeline.report.archive import packed
from pipeline.report.cards import choose_pairs
from pipeline.report.evidence import (
    CurveSet,
    OutfitFacts,
    PairEvidence,
    ReportEvidence,
    RunFacts,
)
from pipeline.report.folder import report_files
from pipeline.report.table_row import TableRow
from pipeline.report.thumbnails import THUMBNAIL_SIZE_PX
from pipeline.saliency.declaration import FIXED
from stores.manifests import Manifest
from stores.parts import FilePart

# The maps that the explanations are matched with; the other generators are controls.
SHOWN_GENERATOR = "rise"


def run(inputs: JobInputs) -> JobResult:
    """Return the part `report`: a ZIP of the report's files; what the run has not made is left out of it."""
    upstream, settings = inputs.upstream, inputs.settings
    generators = [(generator, mode) for generator, mode in settings.get("generator_modes", ())]
    models = list(settings.get("attribute_models", ()))
    masked = _masked_conditions(upstream)
    seed, labels, similarities = int(settings["seed"]), _labels(upstream), _similarities(upstream)
    images = _images(inputs)
    pairs = _pairs(upstream, images, labels, similarities, seed, masked)
    pair_table = read_pair_table(upstream, settings, labels, (SHOWN_GENERATOR, FIXED))
    gallery = gallery_pairs(upstream, generators, labels, similarities, images, seed)
    evidence = ReportEvidence(
        facts=_facts(inputs),
        pairs=pairs,
        metrics=_rows(upstream, "metrics", "metrics"),
        generators=generators,
        gallery=gallery,
        edits=read_edits(upstream, _views(upstream), seed, RECOLOURED),
        whole_edits=read_edits(upstream, _views(upstream), seed, WHOLE),
        curves=_curves(upstream, generators),
        prior=_rows(upstream, "explanation_weights", "prior"),
        weight_grid=_rows(upstream, "explanation_weights", "weight_grid"),
        similarity_history=_rows(upstream, "similarity_model", "training_history"),
        attribute_histories={
            model: _rows(upstream, f"attribute_model.{model}", "training_history") for model in models
        },
        stages=[stage_record(manifest) for manifest in sorted(upstream.manifests.values(), key=_made)],
        outfits=outfit_facts(upstream, masked),
        model_checks=_rows(upstream, "similarity_model", "model_checks"),
        answers=_rows(upstream, "answers", "answers"),
        answer_choice=_rows(upstream, "answers", "answer_choice"),
        curves_asked=settings.get("curves", True),
        curve_pairs_asked=settings.get("curve_pairs"),
        fitting=images.fitting(),
        weight_sensitivity=_rows(upstream, "explanation_weights", "weight_sensitivity"),
        pair_table=pair_table,
        discovered=read_groups(upstream, inputs.work.get("attribute_names", {}), settings.get("crop_share")),
    )
    thumbnails, bright_p = read_thumbnails(
        upstream, pair_table, lambda image_id: images.read(image_id, THUMBNAIL_SIZE_PX), SHOWN_GENERATOR, FIXED
    )
    data = packed(report_files(evidence, thumbnails, bright_p))
    counts = {"cards": len(pairs), "pairs": len(pair_table), "bytes": len(data)}
    return JobResult({"report": FilePart("report.zip", data)}, counts)


def _images(inputs: JobInputs) -> ShownImages:
    upstream, settings = inputs.upstream, inputs.settings
    photographs = None
    if "fit" in settings:  # of photographs alone
        links = [Path(folder) for folder in inputs.work["links"]]
        photographs = Photographs(Path(str(inputs.task.paths["dataset_root"])), links, settings)
    return ShownImages(_views(upstream), upstream.rows("images", "images", "test"), photographs)


def _views(upstream: Upstream) -> PixelLookup:
    return PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))


def _facts(inputs: JobInputs) -> RunFacts:
    upstream = inputs.upstream
    has_vocabulary = "vocabulary" in upstream.manifests
    return RunFacts(
        dataset=str(inputs.settings["dataset"]),
        similarity_model=str(inputs.settings["similarity_model"]),
        seed=int(inputs.settings["seed"]),
        images=int(upstream.manifests["images"].details.get("counts", {}).get("images", 0)),
        test_images=len(upstream.table("images", "images", "test")),
        test_pairs=len(upstream.table("pairs.test", "pairs")),
        attributes=len(upstream.table("vocabulary", "vocabulary")) if has_vocabulary else 0,
        made=max(upstream.manifests.values(), key=_made).created,
        fill=inputs.settings.get("fill"),
    )


def _rows(upstream: Upstream, stage: str, part: str) -> list[TableRow]:
    """Return the rows of a table part, none where the stage was not made or keeps no such part."""
    if stage not in upstream.manifests or any(part not in commit.parts for commit in upstream.commits(stage)):
        return []
    return list(upstream.rows(stage, part))


def _masked_conditions(upstream: Upstream) -> frozenset[str] | None:
    """Return the conditions that the model has a mask for, None where it has no masks."""
    rows = _rows(upstream, "similarity_model", "conditions")
    return frozenset(row["condition"] for row in rows) if rows else None


def outfit_facts(upstream: Upstream, masked: frozenset[str] | None) -> OutfitFacts | None:
    """Return what is counted of outfits; None where the dataset has none.

    Args:
        upstream: holds `images` and `pairs.test`, and `outfits.train` where there are outfits.
        masked: conditions that the model has a mask for; None where it has no masks.
    """
    if "outfits.train" not in upstream.manifests:
        return None
    trained = set(pc.list_flatten(upstream.table("outfits.train", "outfits")["items"]).to_pylist())
    tested = upstream.table("images", "images", "test")["image_id"].to_pylist()
    pairs = upstream.table("pairs.test", "pairs")
    conditions = pairs["condition"].to_pylist()
    images = zip(pairs["query"].to_pylist(), pairs["reference"].to_pylist(), strict=True)
    return OutfitFacts(
        sum(image_id in trained for image_id in tested),
        None if masked is None else sum(condition not in masked for condition in conditions),
        sum(query in trained or reference in trained for query, reference in images),
    )


def _pairs(
    upstream: Upstream,
    images: ShownImages,
    labels: Mapping[str, str],
    similarities: Mapping[str, float],
    seed: int,
    masked: frozenset[str] | None,
) -> list[PairEvidence]:
    """Return the chosen test pairs with their pictures, map and explanations."""
    chosen = choose_pairs(upstream.rows("pairs.test", "pairs"), labels, seed)
    pair_ids = [pair["pair_id"] for pair in chosen]
    maps = read_maps(upstream, SHOWN_GENERATOR, FIXED, pair_ids)
    explanations = _explanations(upstream, pair_ids)
    answers = {row["pair_id"]: row for row in _rows(upstream, "answers", "answers")}
    sets = {row["pair_id"]: row for row in _rows(upstream, "answer_sets", "answer_sets")}
    parts = read_match_parts(upstream, pair_ids)
    named = {(pair["query"], answers[pair["pair_id"]]["attribute"]) for pair in chosen if pair["pair_id"] in answers}
    attribute_maps = read_attribute_maps(upstream, named)
    return [
        PairEvidence(
            pair["pair_id"],
            pair["query"],
            pair["reference"],
            labels[pair["query"]],
            labels[pair["reference"]],
            similarities.get(pair["pair_id"]),
            images.of(pair["query"]),
            images.of(pair["reference"]),
            maps.get(pair["pair_id"]),
            explanations[pair["pair_id"]],
            pair["condition"],
            None if masked is None else pair["condition"] in masked,
            answers.get(pair["pair_id"]),
            attribute_maps.get((pair["query"], answers.get(pair["pair_id"], {}).get("attribute"))),
            sets.get(pair["pair_id"]),
            parts.get(pair["pair_id"], ()),
        )
        for pair in chosen
    ]


def _similarities(upstream: Upstream) -> dict[str, float]:
    return {row["pair_id"]: row["similarity"] for row in _rows(upstream, "similarities.test", "similarities")}


def _labels(upstream: Upstream) -> dict[str, str]:
    images = upstream.table("images", "images", "test")
    return dict(zip(images["image_id"].to_pylist(), images["label"].to_pylist(), strict=True))


def _explanations(upstream: Upstream, pair_ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of `explanations` by chosen pair."""
    by_pair: dict[str, list[Mapping[str, Any]]] = {pair_id: [] for pair_id in pair_ids}
    if "explanations" in upstream.manifests:
        # All pairs, variants and ranks would be millions of rows: filtered while still columns.
        table = upstream.table("explanations", "explanations")
        chosen = table.filter(pc.is_in(table["pair_id"], value_set=pa.array(pair_ids, pa.string())))
        for row in chosen.to_pylist():
            by_pair[row["pair_id"]].append(row)
    return by_pair


def _curves(upstream: Upstream, generators: Sequence[tuple[str, str]]) -> list[CurveSet]:
    queries = upstream.table("pairs.test", "pairs")
    query_of = dict(zip(queries["pair_id"].to_pylist(), queries["query"].to_pylist(), strict=True))
    curves = []
    for generator, mode in generators:
        stage = f"faithfulness.{generator}.{mode}"
        if stage not in upstream.manifests:
            continue
        table = upstream.table(stage, "faithfulness")
        names = [query_of[pair_id] for pair_id in table["pair_id"].to_pylist()]
        clusters_p = np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)
        curves.append(
            CurveSet(generator, mode, _matrix(table["insertion_curve"]), _matrix(table["deletion_curve"]), clusters_p)
        )
    return curves


def _matrix(column: Any) -> np.ndarray:
    """Return a list column of equal lengths as float64 (row, entry)."""
    flat = pc.list_flatten(column).to_numpy()
    matrix: np.ndarray = flat.reshape(len(column), -1).astype(np.float64)
    return matrix


def _made(manifest: Manifest) -> tuple[datetime, str]:
    """Return a key that orders manifests by when they were made."""
    return manifest.moment(), manifest.stage
