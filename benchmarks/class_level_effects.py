"""Which way of predicting effects helps where labels are of classes: measured on unseen classes, beside the classifier.

    python -m benchmarks.class_level_effects CONFIG --run [KEY=VALUE ...] [--run ...]

Each --run holds the settings of one run of the configuration that was made until attribute_scores.classifier and
pairs.test, such as `--run seed=1` or `--run dataset.root=OTHER_SPLIT store.root=STORE`: several splits of the classes
test more of them. Printed are mean drops of the score x 100 when what a way names first is removed, with 95 % intervals
over resampled test classes, and differences on the same pairs. Candidates are the attributes that vary over both the
training and the test images; told: those of them that the query has; found: each weighed by a probe's probability.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.special import softmax

from benchmarks.class_level_measures import Drops, ExplainedImages, measured_drops, standardised
from benchmarks.class_level_predictors import WAYS, LabelledImages, near_images
from flows.configured_runs import run_of_seed
from flows.engine.upstream import Upstream
from flows.readers.pair_frame import read_attribute_logits, read_embeddings, read_labels, read_pair_frame
from flows.settings.file import load_settings, run_seeds
from pipeline.evaluation.bootstrap import Interval, Ratio, clustered_interval
from pipeline.evaluation.comparisons import paired_comparisons
from pipeline.explanation.attribute_groups import group_effects, has_group
from pipeline.explanation.baselines import random_scores
from pipeline.explanation.presence_probe import fit_presence_probe, presence_probability
from pipeline.explanation.separability import separability

READ = ("images", "embeddings", "attribute_scores.classifier", "pairs.test", "vocabulary")
DIRECTIONS, CLASSIFIER = "directions by ridge on class labels", "classifier's confidence"
COMPARED = {"told": (DIRECTIONS, CLASSIFIER), "found": (DIRECTIONS, CLASSIFIER), "groups": ("random",)}
MEASURES = ("matched", "removal")
SAMPLES = 10_000


@dataclass
class Named:
    """What each way's first attribute costs, pair by pair of all runs, by (kind of candidates, measure, way)."""

    drops: dict[tuple[str, str, str], list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))
    present: dict[tuple[str, str], list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))
    classes: list[np.ndarray] = field(default_factory=list)

    def add(self, kind: str, way: str, scores_pa: np.ndarray, drops: Drops, present_pa: np.ndarray) -> None:
        """Note the drops of the attribute with the largest score."""
        row, named_p = np.arange(len(scores_pa)), scores_pa.argmax(axis=1)
        self.drops[kind, "matched", way].append(drops.matched_pa[row, named_p])
        self.drops[kind, "removal", way].append(drops.removal_pa[row, named_p])
        self.present[kind, way].append(present_pa[row, named_p].astype(np.float64))


def read_run(upstream: Upstream) -> tuple[LabelledImages, ExplainedImages, list[str]]:
    """Return what to learn from, what to explain, and the pairs' ids."""
    frame = read_pair_frame(upstream, "test")
    test = upstream.table("images", "images", "test")
    train = upstream.table("images", "images", "train")
    labels_na = read_labels(upstream, "train")[1]
    learnt = LabelledImages(
        read_embeddings(upstream, "train").astype(np.float64),
        labels_na,
        np.array(train["label"].to_pylist()),
        separability(labels_na, frame.attribute_groups),
        read_embeddings(upstream, "valid").astype(np.float64),
        read_attribute_logits(upstream, "classifier", "valid").astype(np.float64),
    )
    explained = ExplainedImages(
        read_embeddings(upstream, "test").astype(np.float64),
        frame.labels_na,
        read_attribute_logits(upstream, "classifier", "test").astype(np.float64),
        np.array(test["label"].to_pylist()),
        np.unique(np.array(test["pixels_sha256"].to_pylist()), return_inverse=True)[1],
        frame.query_p,
        frame.reference_p,
    )
    return learnt, explained, frame.pair_ids


def varying(labels_na: np.ndarray) -> np.ndarray:
    """Return bool (attribute,): some images have it and some do not."""
    return np.asarray(labels_na.any(axis=0) & ~labels_na.all(axis=0))


def measure_attributes(
    train: LabelledImages, images: ExplainedImages, pair_ids: list[str], seed: int, named: Named
) -> None:
    """Note what every way names, and what that costs."""
    drops = measured_drops(images, images.labels_na, standardised(images.logits_na))
    candidates_a = varying(train.labels_na) & varying(images.labels_na)
    told_pa = images.labels_na[images.query_p]
    probe = fit_presence_probe(train.embeddings_nd, train.labels_na)
    found_na = presence_probability(probe, images.embeddings_nd)
    confidence_na = softmax(images.logits_na, axis=1)
    query_p, reference_p = images.query_p, images.reference_p
    effects = {name: way(train, images) for name, way in WAYS.items()}
    others = {
        "probed in both": found_na[query_p] * found_na[reference_p],
        "classified in both": confidence_na[query_p] * confidence_na[reference_p],
        CLASSIFIER: confidence_na[query_p],
        "random": random_scores(seed, pair_ids, len(candidates_a)),
    }
    for way, scores_pa in {**effects, **others}.items():
        named.add("told", way, np.where(told_pa & candidates_a, scores_pa, -np.inf), drops, told_pa)
        found_pa = scores_pa * found_na[query_p] if way in effects else scores_pa
        named.add("found", way, np.where(candidates_a, found_pa, -np.inf), drops, told_pa)
    best = int(np.nanmean(np.where(candidates_a, drops.matched_pa, 0.0), axis=0).argmax())
    constant_pa = np.tile(np.arange(len(candidates_a)) == best, (len(query_p), 1))
    named.add("found", "best constant, chosen on these pairs", constant_pa, drops, told_pa)


def measure_groups(
    train: LabelledImages, images: ExplainedImages, pair_ids: list[str], seed: int, named: Named
) -> None:
    """Note the same of groups: a way names the group of the attribute that it names."""
    groups = train.groups
    has_ng = has_group(images.labels_na, groups)
    logits_na = standardised(images.logits_na) * groups.sign_a
    members = [np.flatnonzero(groups.group_a == group) for group in range(groups.n_groups)]
    coordinates_ng = standardised(np.stack([logits_na[:, of].mean(axis=1) for of in members], axis=1))
    drops = measured_drops(images, has_ng, coordinates_ng)
    told_pg = has_ng[images.query_p] & varying(has_ng)
    pairs_p2 = np.stack([images.query_p, images.reference_p], axis=1)
    labelled = (
        train.embeddings_nd,
        train.labels_na,
        images.embeddings_nd,
        pairs_p2,
        groups,
        [-1] * len(groups.group_a),
    )
    shares = replace(train, labels_na=has_group(train.labels_na, groups))
    scores = {
        "directions of groups": group_effects(*labelled),
        "nearest images (nonlinear), of groups": near_images(shares, images),
        f"{CLASSIFIER}, mean of the members": coordinates_ng[images.query_p],
        "random": random_scores(seed, pair_ids, groups.n_groups),
    }
    supports_pa = images.labels_na[images.query_p] & (groups.sign_a > 0)
    attributes_pa = np.where(supports_pa, WAYS[DIRECTIONS](train, images), -np.inf)
    scores[f"{DIRECTIONS}, group of its attribute"] = np.stack(
        [attributes_pa[:, of].max(axis=1) for of in members], axis=1
    )
    for way, scores_pg in scores.items():
        named.add("groups", way, np.where(told_pg, scores_pg, -np.inf), drops, has_ng[images.query_p])


def table(named: Named, kind: str, compared_with: Sequence[str]) -> str:
    """Return the rows of one kind of candidates as Markdown."""
    classes_p = np.unique(np.concatenate(named.classes), return_inverse=True)[1]
    heads = [f"{measure}{rest}" for measure in MEASURES for rest in ("", *(f" − {way}" for way in compared_with))]
    lines = [f"| {kind} | {' | '.join(heads)} | has it | pairs |", "| --- " * (len(heads) + 3) + "|"]
    for way in [way for one, measure, way in named.drops if one == kind and measure == MEASURES[0]]:
        cells = []
        for measure in MEASURES:
            drops = {other: np.concatenate(named.drops[kind, measure, other]) for other in (way, *compared_with)}
            cells.append(_cell(clustered_interval(drops[way], classes_p, seed=0, samples=SAMPLES)))
            cells += [
                "-" if way == other else _difference(drops[way], drops[other], classes_p) for other in compared_with
            ]
        has_it = np.concatenate(named.present[kind, way])
        lines.append(f"| {way} | {' | '.join(cells)} | {100 * has_it.mean():.0f} | {len(has_it)} |")
    return "\n".join(lines)


def _cell(found: Interval) -> str:
    return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _difference(first_p: np.ndarray, second_p: np.ndarray, classes_p: np.ndarray) -> str:
    ones_p = np.ones(len(first_p))
    ratios = (Ratio(first_p, ones_p), Ratio(second_p, ones_p))
    (found,) = paired_comparisons([ratios], classes_p, seed=0, samples=SAMPLES)
    return f"{_cell(found.interval)}, p = {found.p_value:.4f}"


def main() -> None:
    """Measure every run and print the tables."""
    parser = argparse.ArgumentParser(description="Compare ways of predicting effects where labels are of classes.")
    parser.add_argument("config", type=Path)
    parser.add_argument("--run", nargs="*", action="append", default=[], metavar="KEY=VALUE", dest="runs")
    given = parser.parse_args()
    named = Named()
    for overrides in given.runs or [[]]:
        for seed in run_seeds(load_settings(given.config, overrides)):
            upstream = run_of_seed(given.config, overrides, seed).current()
            missing = [stage for stage in READ if stage not in upstream.manifests]
            if missing:
                sys.exit(f"not current: {', '.join(missing)}; run {' '.join(overrides)} first")
            train, images, pair_ids = read_run(upstream)
            named.classes.append(images.classes_n[images.query_p])
            measure_attributes(train, images, pair_ids, seed, named)
            measure_groups(train, images, pair_ids, seed, named)
            print(f"{' '.join(overrides)} seed {seed}: done", file=sys.stderr)
    print(f"{len(np.unique(np.concatenate(named.classes)))} test classes, {len(named.classes)} runs\n")
    for kind, compared_with in COMPARED.items():
        print(table(named, kind, compared_with), end="\n\n")


if __name__ == "__main__":
    main()
