"""CPU seconds of choosing weights and explaining pairs under all variants, scores given, by part.

    python -m benchmarks.explanation_speed [--pairs 10000] [--attributes 85 205]

Arrays are drawn, shaped as those of real runs: five pairs a query, 4 x 4 activation maps that favour the cells of what
the query has, as many validation pairs as pairs that are explained. Half of the validation pairs serve the priors, the
other half the whole grid of each kind of prior and of each model whose maps are matched. Reading and writing are not
counted. The processor's time of this process counts, not the clock's, so that a busy machine plays no part.
Exit status 1 where the bound is broken.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from flows.jobs.explanations import ranked_table
from flows.readers.pair_frame import PairFrame
from pipeline.explanation.combination import ExplanationWeights, explanation_terms
from pipeline.explanation.count_prior import count_prior
from pipeline.explanation.evidence import COUNT, TCAV, ExplanationEvidence
from pipeline.explanation.tcav_prior import ConceptImages, tcav_prior
from pipeline.explanation.variants import VARIANTS, models_matched, models_needed, variant_scores
from pipeline.explanation.weight_grid import WeightGridSpec, choose_weights, cross_fit_halves
from pipeline.randomness import keyed_rng

# A minute on two cores.
LARGEST_CPU_SECONDS = 120.0
REFERENCES, CELLS, DIMENSION, TRAINING_IMAGES = 5, 4, 64, 2000
# Of the images with an attribute: as on animals with 85 and on catalogue photographs with 205 attributes.
PRESENT_SHARE = {85: 0.35, 205: 0.05}


@dataclass(frozen=True)
class DrawnSplit:
    """What the stages read of a split.

    Attributes:
        frame: pairs and labels.
        embeddings_nd: float32 (image, dimension), unit norm.
        logits: float32 (image, attribute) by model.
        activations: float32 (image, attribute, y, x) by model.
        maps_pyx: float32 (pair, y, x), each a distribution.
        drops_pa: (pair, attribute) float64, 0 where the query lacks the attribute, NaN where undefined.
    """

    frame: PairFrame
    embeddings_nd: np.ndarray
    logits: dict[str, np.ndarray]
    activations: dict[str, np.ndarray]
    maps_pyx: np.ndarray
    drops_pa: np.ndarray


def drawn_split(split: str, n_pairs: int, n_attributes: int) -> DrawnSplit:
    """Return a split of so many pairs, five a query."""
    rng = keyed_rng(0, "explanation speed", split, n_attributes)
    n_images = max(-(-n_pairs // REFERENCES), 2)
    labels_na, embeddings_nd = drawn_images(rng, n_images, n_attributes)
    query_p = np.arange(n_pairs) // REFERENCES
    reference_p = (query_p + 1 + rng.integers(n_images - 1, size=n_pairs)) % n_images
    ids = [f"{split}/{image:06d}" for image in range(n_images)]
    pair_ids = [f"{ids[q]}|{ids[r]}|{p}" for p, (q, r) in enumerate(zip(query_p, reference_p, strict=True))]
    names = [f"attribute {attribute}" for attribute in range(n_attributes)]
    frame = PairFrame(
        split, ids, pair_ids, query_p, reference_p, labels_na, names, [-1] * n_attributes, [None] * n_pairs
    )
    models = models_needed(VARIANTS)
    place_nas = rng.normal(size=(n_images, n_attributes, CELLS**2))
    maps_ps = place_nas[query_p, rng.integers(n_attributes, size=n_pairs)] + rng.normal(size=(n_pairs, CELLS**2))
    present_pa = frame.present_pa
    drops_pa = np.where(present_pa, rng.normal(0.02, 0.05, present_pa.shape), 0.0)
    drops_pa[present_pa & (rng.random(present_pa.shape) < 0.05)] = np.nan
    return DrawnSplit(
        frame,
        embeddings_nd,
        {m: (4 * labels_na + rng.normal(size=labels_na.shape)).astype(np.float32) for m in models},
        {
            m: (place_nas + rng.normal(size=place_nas.shape)).reshape(n_images, n_attributes, CELLS, CELLS)
            for m in models_matched(VARIANTS)
        },
        softmax(3 * maps_ps, axis=1).reshape(n_pairs, CELLS, CELLS).astype(np.float32),
        drops_pa,
    )


def drawn_images(rng: np.random.Generator, n_images: int, n_attributes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, bool (image, attribute), and unit embeddings, (image, dimension), that follow them."""
    labels_na = rng.random((n_images, n_attributes)) < PRESENT_SHARE.get(n_attributes, 0.2)
    labels_na[np.arange(n_images), rng.integers(n_attributes, size=n_images)] = True
    directions_ad = keyed_rng(0, "directions of attributes", n_attributes).normal(size=(n_attributes, DIMENSION))
    embeddings_nd = labels_na @ directions_ad + rng.normal(size=(n_images, DIMENSION))
    return labels_na, (embeddings_nd / np.linalg.norm(embeddings_nd, axis=1, keepdims=True)).astype(np.float32)


class CpuSeconds(dict[str, float]):
    """The processor's seconds by part."""

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Add what the block takes."""
        before = time.process_time()
        yield
        self[part] = self.get(part, 0.0) + time.process_time() - before


def weights_and_priors(
    valid: DrawnSplit, step: float, seconds: CpuSeconds
) -> tuple[dict[str, np.ndarray], dict[tuple[str, str], ExplanationWeights]]:
    """Do what the stage `explanation_weights` does: the priors by kind, and the best weights by model and kind."""
    frame, present_pa = valid.frame, valid.frame.present_pa
    fits_p = cross_fit_halves(np.array(frame.queries), 0)
    grid_p = ~fits_p
    with seconds.of("count prior"):
        priors = {COUNT: count_prior(valid.drops_pa[fits_p], present_pa[fits_p])}
    with seconds.of("TCAV prior"):
        labels_na, embeddings_nd = drawn_images(
            keyed_rng(0, "training images"), TRAINING_IMAGES, len(frame.attribute_names)
        )
        images = ConceptImages(embeddings_nd, labels_na, np.arange(TRAINING_IMAGES))
        queries, references = (valid.embeddings_nd[rows[fits_p]] for rows in (frame.query_p, frame.reference_p))
        priors[TCAV] = tcav_prior(images, queries, references, present_pa[fits_p], 0).prior_a
    weights = {}
    for model, activations_nahw in valid.activations.items():
        with seconds.of("terms of Eq. 4"):
            terms = explanation_terms(
                valid.logits[model], activations_nahw, valid.maps_pyx[grid_p], frame.query_p[grid_p], priors[COUNT]
            )
        for kind in (COUNT, TCAV, "none"):
            with seconds.of("weight grid"):
                of_kind = terms.with_prior(priors[TCAV]) if kind == TCAV else terms
                spec = WeightGridSpec(step=step, use_prior=kind != "none")
                weights[model, kind] = choose_weights(of_kind, valid.drops_pa[grid_p], present_pa[grid_p], spec).best
    return priors, weights


def explain(
    test: DrawnSplit,
    valid: DrawnSplit,
    priors: dict[str, np.ndarray],
    weights: dict[tuple[str, str], ExplanationWeights],
    seconds: CpuSeconds,
) -> int:
    """Do what the stage `explanations` does for test pairs; return the number of rows of its table."""
    frame = test.frame
    with seconds.of("scores of all variants"):
        evidence = ExplanationEvidence(
            seed=0,
            pair_ids=frame.pair_ids,
            query_p=frame.query_p,
            reference_p=frame.reference_p,
            present_pa=frame.present_pa,
            logits=test.logits,
            activations=test.activations,
            maps_pyx=test.maps_pyx,
            priors=priors,
            prior_kind=COUNT,
            weights=weights,
            held_out_drops_pa=valid.drops_pa,
            effects_pa=np.nan_to_num(test.drops_pa),
            presence_pa=softmax(test.logits["classifier"], axis=1)[frame.query_p],
        )
        scores = variant_scores(VARIANTS, evidence)
    with seconds.of("ranked table"):
        terms = evidence.terms("sane")
        tables = [ranked_table(frame, name, scores_pa, terms) for name, scores_pa in scores.items()]
    return sum(table.num_rows for table in tables)


def measured(n_pairs: int, n_attributes: int, step: float) -> CpuSeconds:
    """Return the seconds of each part, for so many validation pairs and as many that are explained."""
    valid, test = (drawn_split(split, n_pairs, n_attributes) for split in ("valid", "test"))
    seconds = CpuSeconds()
    explain(test, valid, *weights_and_priors(valid, step, seconds), seconds)
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--attributes", type=int, nargs="+", default=[85, 205])
    parser.add_argument("--step", type=float, default=0.05)
    arguments = parser.parse_args()
    found = {n: measured(arguments.pairs, n, arguments.step) for n in arguments.attributes}
    print(f"| CPU seconds, {arguments.pairs} pairs | {' | '.join(f'{n} attributes' for n in found)} |")
    print("| --- " + "| ---: " * len(found) + "|")
    for part in next(iter(found.values())):
        print(f"| {part} | {' | '.join(f'{seconds[part]:.1f}' for seconds in found.values())} |")
    totals = [sum(seconds.values()) for seconds in found.values()]
    print(f"| all | {' | '.join(f'{total:.1f}' for total in totals)} |")
    broken = max(totals) > LARGEST_CPU_SECONDS
    print(f"\nbound: {LARGEST_CPU_SECONDS:.0f} CPU seconds, a minute on two cores: {'BROKEN' if broken else 'kept'}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
