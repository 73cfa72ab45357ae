"""Explaining one pair at once."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from flows.explain.attributes import answer_pair
from flows.explain.evidence import QueriedPair
from flows.explain.explained_pair import ExplainedImage
from flows.explain.explanation import Explanation
from flows.explain.images import PairImage, read_image
from flows.explain.named_image import NamedImage, named_image
from flows.explain.options import READING, ExplainOptions
from flows.explain.passes import PassedPair, generated_map, map_mode, pass_pair
from flows.explain.results import CORRESPONDENCES, StoredResults, open_results
from flows.readers.component_names import ComponentNamer
from flows.readers.pair_knowledge import read_replacement_tests
from pipeline.datasets.outfits import condition_name
from pipeline.errors import BadSetting
from pipeline.pairs.sampling import pair_id
from pipeline.report.both_sides import MatchPart
from pipeline.report.replacement_test import ReplacementTest
from pipeline.saliency.correspondence.match import ExplainedMatch
from pipeline.saliency.correspondence.significance import p_values_of_components
from pipeline.saliency.rise.declaration import RISE


def explain(config: str | Path, a: str, b: str, options: ExplainOptions | None = None) -> Explanation:
    """Return why the model of a configuration says that image a matches image b; nothing is written.

    Args:
        config: the configuration file (TOML), whose run has made models, embeddings and answers.
        a: the query: the id of an image of any split, or the path of an image file.
        b: the reference, likewise.
        options: how; None: the map by RISE, one direction.

    Raises:
        BadSetting: the configuration, an image, the condition or the generator is refused.
        BadImage: a file cannot be read.
        BadModel: the model returns no embeddings, or is a black box to a generator that takes gradients.
        MissingArtifact: the run has not made what is needed; the message says what to run.
        StoreError: the store cannot be read.
    """
    options = options or ExplainOptions()
    options.progress(READING, 0, 1)
    results = open_results(config, options.overrides)
    return explain_named(results, (named_image(results, a), named_image(results, b)), options)


def explain_named(results: StoredResults, named: tuple[NamedImage, NamedImage], options: ExplainOptions) -> Explanation:
    """Return why the first of two images matches the second, see `explain`, which says what is raised."""
    mode = map_mode(options.generator)
    images = (read_image(results, named[0]), read_image(results, named[1]))
    condition = _condition(results, images, options.condition)
    passed = pass_pair(results, images, condition, options.progress)
    rise_maps = [generated_map(results, passed, place, RISE.name) for place in (0, 1)]
    namer = ComponentNamer(results.upstream, results.settings.seed, results.condition_masks)
    directions = (0, 1) if options.both_directions else (0,)
    explained = [
        _explained(QueriedPair(results, passed, query, rise_maps[query]), rise_maps[1 - query], namer, options, mode)
        for query in directions
    ]
    return replace(explained[0], reverse=explained[1]) if options.both_directions else explained[0]


def _explained(
    queried: QueriedPair, reference_map: np.ndarray, namer: ComponentNamer, options: ExplainOptions, mode: str
) -> Explanation:
    """Return one direction."""
    results, passed, query = queried.results, queried.passed, queried.query
    query_map = queried.map_yx
    if options.generator != RISE.name:
        options.progress(f"map by {options.generator}", 0, 1)
        query_map = generated_map(results, passed, query, options.generator)
    match = passed.match(query, results)
    said = answer_pair(queried, options.refits, options.progress)
    sides = [_shown(results, passed.images[place]) for place in (query, 1 - query)]
    return Explanation(
        query=sides[0],
        reference=sides[1],
        similarity=passed.similarity,
        condition=passed.condition,
        answer=said.answer,
        attributes=said.attributes,
        parts=_parts(queried, match, namer),
        query_map=query_map,
        reference_map=reference_map,
        generator=options.generator,
        mode=mode,
        arrays=_arrays(queried, match, said.effects_a),
        notes=(*said.notes, *_unknown_condition(results, passed)),
        replaced=_replaced(queried, said.answer["leading_attribute"]),
    )


def _replaced(queried: QueriedPair, attribute: str | None) -> ReplacementTest | None:
    """Return the test with other images in the query's place, where the run has made it; of test pairs alone."""
    query, reference = (queried.passed.images[place] for place in (queried.query, 1 - queried.query))
    if (query.split, reference.split) != ("test", "test"):
        return None
    asked = pair_id("test", query.key, reference.key, queried.passed.condition or "")
    return read_replacement_tests(queried.results.upstream, [asked], [attribute]).get(asked)


def _parts(queried: QueriedPair, match: ExplainedMatch, namer: ComponentNamer) -> tuple[MatchPart, ...]:
    """Return the parts of the match, named, with p-values where the run has unrelated pairs to compare with."""
    results, passed = queried.results, queried.passed
    query, reference = (passed.images[place] for place in (queried.query, 1 - queried.query))
    found, cells = match.components, results.settings.saliency.correspondence.cells
    names = namer.of(
        (match.query_vectors_kd, match.reference_vectors_kd),
        np.stack([query.labelled_a, reference.labelled_a]),
        (query.type, reference.type),
        passed.condition,
    )
    unrelated = _unrelated_joint(results)
    p_k = p_values_of_components(found.joint_k, unrelated) if len(unrelated) else None
    return tuple(
        MatchPart(
            found.query_ku[k].reshape(cells, cells),
            found.reference_kv[k].reshape(cells, cells),
            float(found.share_k[k]),
            None if p_k is None else float(p_k[k]),
            results.attribute_names[name.attribute] if name.is_named and name.attribute is not None else None,
        )
        for k, name in enumerate(names)
    )


def _unrelated_joint(results: StoredResults) -> np.ndarray:
    """Return the joint effects of the largest components of unrelated pairs, none where the run has none."""
    if CORRESPONDENCES not in results.upstream.manifests:
        return np.zeros(0)
    rows = results.upstream.rows(CORRESPONDENCES, "correspondence_rows")
    return np.array([row["unrelated_joint"] for row in rows if row["unrelated_joint"] is not None])


def _arrays(queried: QueriedPair, match: ExplainedMatch, effects_a: np.ndarray) -> dict[str, np.ndarray]:
    cells = queried.results.settings.saliency.correspondence.cells
    grids = {
        f"{name}_cells": getattr(match, name).reshape(cells, cells)
        for name in ("query", "reference", "query_joint", "reference_joint")
    }
    order = [queried.query, 1 - queried.query]
    return {
        **grids,
        "joint_effects": match.joint_uv,
        "embeddings": queried.passed.embeddings_2d[order],
        "attribute_effects": effects_a,
        "attribute_names": np.array(queried.results.attribute_names),
    }


def _shown(results: StoredResults, image: PairImage) -> ExplainedImage:
    labels = tuple(name for name, has in zip(results.attribute_names, image.labelled_a, strict=True) if has)
    return ExplainedImage(image.name, image.split, image.type, labels, image.shown)


def _condition(results: StoredResults, images: tuple[PairImage, PairImage], asked: str | None) -> str | None:
    """Return the condition that a pair is compared in.

    Raises:
        BadSetting: the model has no such condition.
    """
    masks = results.condition_masks
    known = () if masks is None else masks.names
    if asked is not None and asked not in known:
        raise BadSetting(
            expected=f"one of the model's conditions: {', '.join(known)}"
            if known
            else "no condition: the model has none",
            found=repr(asked),
            where="--condition",
            remedy="choose one of them" if known else "leave it out",
        )
    if asked is not None or masks is None:
        return asked
    of_types = condition_name(images[0].type, images[1].type)
    return of_types if of_types in known else None


def _unknown_condition(results: StoredResults, passed: PassedPair) -> tuple[str, ...]:
    if results.condition_masks is None or passed.condition is not None:
        return ()
    return ("No condition is known of this pair: compared by the general embedding; --condition names one.",)
