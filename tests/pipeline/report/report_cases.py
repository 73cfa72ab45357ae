"""A made-up run that resembles a real one: rendered images, invented figures."""

import numpy as np

from pipeline.evaluation.bootstrap import Resampling
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.evidence import CurveSet, GalleryPair, PairEvidence, ReportEvidence, RunFacts, StageRecord
from pipeline.report.pair_table import PairTable
from pipeline.report.replacement_test import ReplacementTest
from pipeline.report.shown_image import ShownImage

ATTRIBUTES = ("body_colour:red", "body_colour:blue", "pattern:stripes", "pattern:dots", "part:pocket", "part:strap")
VARIANTS = (
    "random",
    "best_constant",
    "prior_only",
    "predicted_in_both",
    "classifier",
    "sane",
    "sane+match",
    "sane+match+count",
    "sane+match~shuffled",
    "sane+match+count~shuffled",
    "embedding_effect+presence",
    "embedding_effect",
)
CHECKS = [
    {"measure": measure, "value": value, "limit": limit, "seconds": 0.025 if measure == "timed_images" else None}
    for measure, value, limit in (
        ("embedding_dim", 1024.0, None),
        ("repeat_difference", 0.0, 1e-5),
        ("batch_difference", 3.14e-7, 1e-3),
        ("largest_distance", 1.2345, 1e-3),
        ("largest_distance_in_dataset", float("nan"), 1e-3),
        ("timed_images", 12.0, None),
        ("condition_masks", 3.0, None),
        ("conditions_without_mask", 0.0, None),
        ("masks_of_no_condition", 1.0, None),
        ("smallest_norm_under_mask", 0.0456, 1e-12),
        ("a later check", 7.0, None),
    )
]
GENERATORS = ("rise", "random", "centre")


def make_evidence(dataset="planted", n_pairs=24, pixels=None, attributes=ATTRIBUTES):
    rng = np.random.default_rng(7)
    return ReportEvidence(
        facts=RunFacts(dataset, "small_residual", 0, 2200, 300, 600, 26, "2026-11-20T18:02:33.123456+00:00"),
        pairs=[make_pair(number, rng, pixels, attributes) for number in range(n_pairs)],
        metrics=make_metrics(attributes, audited=dataset == "planted"),
        generators=[(name, "fixed") for name in GENERATORS],
        curves=[make_curves(name, rng) for name in GENERATORS],
        gallery=make_gallery_pairs([(name, "fixed") for name in GENERATORS]),
        prior=[{"attribute": name, "kind": "count", "value": 1 / (3 + i)} for i, name in enumerate(attributes)],
        weight_grid=make_grid(),
        similarity_history=[
            {"epoch": e, "loss": 1 / e, "validation_measure": 1 - 1 / e + (e == 30) * 0.01} for e in range(1, 41)
        ],
        attribute_histories={
            "sane": [make_epoch(e, heatmap=2 / e) for e in range(1, 41)],
            "classifier": [make_epoch(e, heatmap=None) for e in range(1, 31)],
        },
        stages=[
            make_stage("images", 2200, 0, 12.0),
            make_stage("saliency_maps.test.rise.fixed", 120, 60000, 754.2, pairs=600),
        ],
    )


def make_pair(number, rng, pixels=None, attributes=ATTRIBUTES):
    if pixels is None:
        images = rng.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    else:
        images = [pixels(f"test_{number * 2:05d}"), pixels(f"test_{number * 2 + 1:05d}")]
    side = images[0].shape[0]
    y, x = np.mgrid[:side, :side] / side
    centre = rng.uniform(0.25, 0.75, 2)
    saliency = np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / 0.04).astype(np.float32)
    names = (f"test_{number * 2:05d}", f"test_{number * 2 + 1:05d}")
    rows = [row for variant in VARIANTS for row in make_explanation(variant, rng, attributes)]
    return PairEvidence(f"pair{number:03d}", *names, "shirt", "bag", 0.8765, *map(ShownImage, images), saliency, rows)


def make_explanation(variant, rng, attributes):
    order = rng.permutation(len(attributes))
    return [
        {
            "variant": variant,
            "rank": rank,
            "attribute": attributes[column],
            "score": 1 / rank,
            "confidence": rng.uniform(),
            "map_match": rng.uniform(),
            "prior": rng.uniform(),
            "is_ground_truth": bool(column % 2),
        }
        for rank, column in enumerate(order, start=1)
    ]


def figure(table, metric, value, n=600, **labels):
    ends = {"ci_low": value - 0.02, "ci_high": value + 0.02}
    return {"table_name": table, "metric": metric, "value": value, "n": n, **ends, **labels}


def count(table, metric, value, n, **labels):
    return {"table_name": table, "metric": metric, "value": value, "n": n, **labels}


def make_metrics(attributes=ATTRIBUTES, audited=True):
    rows = []
    for i, generator in enumerate(GENERATORS):
        labels = {"generator": generator, "mode": "fixed"}
        areas = ("insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored")
        rows += [figure("saliency_faithfulness", metric, 0.71234 - 0.05 * i, **labels) for metric in areas]
        rows.append(count("saliency_faithfulness", "flat_curves", 3, 1200, **labels))
        rows.append(count("saliency_faithfulness", "left_out_anchored", 17, 600, **labels))
        rows.append(figure("saliency_faithfulness", "map_change_with_reference", 0.3456, **labels))
    rows += make_map_comparisons() + (make_localisation() if audited else [])
    rows += [figure("attribute_recognition", "map", 0.6789, n=300, variant=name) for name in ("sane", "classifier")]
    for i, variant in enumerate(VARIANTS):
        table = "attribute_explanation"
        rows.append(figure(table, "top1_accuracy", 0.4 + 0.03 * i, variant=variant))
        rows.append(figure(table, "removal", 0.0123 + 0.002 * i, variant=variant))
        rows.append(figure(table, "distinct_per_query", 0.3, variant=variant))
        rows.append(figure(table, "differs_from_classifier", 0.5, variant=variant))
        rows.append(count(table, "removal_undefined", 5, 600, variant=variant))
        rows.append(figure(table, "matched_effect", 0.0456 - 0.003 * i, variant=variant))
        rows.append(figure(table, "deletion", -0.0789, variant=variant))
        rows.append(figure(table, "insertion", -0.0321, variant=variant))
        rows.append(figure(table, "replacement_distance", 0.876, variant=variant))
        rows += [
            count(table, f"{name}_undefined", number, 600, variant=variant)
            for name, number in (("matched", 7), ("deletion", 8), ("insertion", 9))
        ]
        labels = {"variant": variant, "compared_with": "classifier", "p_value": (0.0004, 0.3, 0.01)[i % 3]}
        difference = 0.01 if i % 2 else -0.01
        rows.append(figure("attribute_explanation_comparison", "removal_difference", difference, **labels))
        rows.append(figure("attribute_explanation_comparison", "matched_effect_difference", -difference, **labels))
    rows.append(count("attribute_explanation", "constant_attributes", 2, 26))
    return rows + (make_audit(attributes) if audited else [])


def make_map_comparisons():
    """RISE and the random maps against the blob, the random maps against RISE; RISE is better at insertion only."""
    rows = []
    for generator, rival in (("rise", "centre"), ("random", "centre"), ("random", "rise")):
        labels = {"generator": generator, "mode": "fixed", "compared_with": rival}
        good = 1 if generator == "rise" else -1
        values = {
            "insertion_difference": (0.05678 * good, 0.0004),
            "deletion_difference": (0.01, 0.2),
            "insertion_difference_anchored": (0.034 * good, 0.012),
            "deletion_difference_anchored": (0.03 if rival == "rise" else 0.02, 0.049),
        }
        table = "saliency_faithfulness_comparison"
        rows += [
            figure(table, name, value, n=471 if "anchored" in name else 480, p_value=p, **labels)
            for name, (value, p) in values.items()
        ]
    return rows


def make_localisation():
    """RISE finds more than the blob in small regions and less in large ones; the blob is compared with nothing."""
    table, rows = "map_localisation", []
    for generator in ("rise", "centre"):
        labels = {"generator": generator, "mode": "fixed"}
        rows += [figure(table, "auroc", 0.81234, n=571, **labels), figure(table, "pointing_hit", 0.4567, 571, **labels)]
        rows.append(count(table, "left_out", 29, 600, **labels))
    differences = {"": (0.05678, 0.2), "_small_regions": (0.123, 0.0004), "_large_regions": (-0.0345, 0.012)}
    for ending, (value, p_value) in differences.items():
        labels = {"generator": "rise", "mode": "fixed", "compared_with": "centre", "p_value": p_value}
        rows.append(figure(table, f"auroc_difference{ending}", value, 571 if not ending else 190, **labels))
        rows.append(figure(table, f"pointing_hit_difference{ending}", -value, 571, **labels))
    return rows


def make_gallery_pairs(generators, n_pairs=6, missing=()):
    """Pairs with a map by each generator and mode, but for each (pair, generator, mode) that is missing."""
    rng = np.random.default_rng(9)
    pairs = []
    for number in range(n_pairs):
        images = rng.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
        maps = {
            key: rng.uniform(size=(16, 16)).astype(np.float32) for key in generators if (number, *key) not in missing
        }
        pairs.append(GalleryPair(*map(ShownImage, images), 0.5 + number / 100, maps))
    return pairs


def make_compatibility():
    rows = [
        count("similarity_model", "outfits_without_question", 100, 10000),
        count("similarity_model", "outfits_not_replaced", 1500, 10000),
    ]
    for variant, accuracy, area in (("type_aware", 0.5712, 0.862), ("general", 0.4123, 0.743)):
        rows.append(figure("similarity_model", "fill_in_the_blank_accuracy", accuracy, n=9000, variant=variant))
        rows.append(figure("similarity_model", "compatibility_auc", area, n=8500, variant=variant))
    return rows


def make_audit(attributes):
    rows = []
    named = [*VARIANTS, *(f"{variant}|present" for variant in VARIANTS)]
    for i, variant in enumerate(("oracle", "random_present", *named)):
        metrics = ("normalised_regret", "hit_at_1", "used", "skill", "absent_naming")
        rows += [figure("audit", metric, 1.0 - 0.03 * (i % 14), n=420, variant=variant) for metric in metrics]
    labels = {"variant": "embedding_effect+presence", "compared_with": "classifier", "p_value": 0.0004}
    rows.append(figure("audit_comparison", "regret_difference", -0.8, **labels))
    rows.append(figure("audit_instrument", "eligible_share", 0.71))
    rows.append(figure("audit_instrument", "largest_effect_is_absence", 0.12))
    rows.append(count("audit_instrument", "effect_floor", 0.02, 600))
    rows.append(count("audit_instrument", "target_correlation", 0.934, 300))
    rows.append(count("audit_instrument", "drivers_not_learned", 1, 6, attribute=attributes[0]))
    for i, name in enumerate(attributes):
        kind = "distractor" if i % 2 else "driver"
        rows.append(figure("audit_effect", "mean_absolute_effect", 0.1 - 0.015 * i, attribute=name, variant=kind))
    return rows


def make_curves(generator, rng, mode="fixed"):
    steps = np.linspace(0, 1, 101)
    insertion = 0.2 + 0.7 * steps ** rng.uniform(0.5, 1.5, (40, 1)) + rng.normal(0, 0.02, (40, 101))
    return CurveSet(generator, mode, insertion, insertion[:, ::-1].copy(), np.arange(40) // 4)


def make_grid():
    rows = []
    for kind in ("count", "none"):
        for i in range(21):
            for j in range(21 - i):
                weights = (i / 20, j / 20, (20 - i - j) / 20)
                if kind == "count" or weights[2] == 0:
                    rows.append(make_grid_row(kind, weights))
    return rows


def make_grid_row(kind, weights):
    best = (0.3, 0.5, 0.2) if kind == "count" else (0.3, 0.7, 0.0)
    away = sum((weight - target) ** 2 for weight, target in zip(weights, best, strict=True))
    names = ("confidence_weight", "map_match_weight", "prior_weight")
    values = {
        "model": "sane",
        "prior_kind": kind,
        "objective": 0.08 - 0.05 * away,
        "top1_accuracy": 0.5,
        "is_best": away < 1e-9,
    }
    return {**dict(zip(names, weights, strict=True)), **values}


def make_epoch(epoch, heatmap):
    return {
        "epoch": epoch,
        "loss": 1 / epoch,
        "huber_loss_mean": 0.01 / epoch,
        "heatmap_loss": heatmap,
        "validation_map": 0.8 - 0.5 / epoch,
    }


def make_stage(name, images, passes, seconds, **further_counts):
    counts = {"images": images, "forward_passes": passes, **further_counts}
    parts = {"maps": {"kind": "arrays"}, "map_rows": {"kind": "table", "rows": 600}}
    created = "2026-11-20T18:02:33.123456+00:00"
    return StageRecord(name, 31, counts, seconds, ("cpu",), created, parts, "ab" * 32, {"numpy": "2.4.1"})


def make_pair_table(n_pairs=60, attributes=ATTRIBUTES, **columns):
    """Made-up pairs with four references a query; each column may be given instead."""
    rng = np.random.default_rng(11)
    query_p = np.arange(n_pairs) // 4
    labels = [("shirt", "bag", "boot")[row % 3] for row in query_p]
    answers = [make_answer(pair, rng, attributes) for pair in range(n_pairs)]
    # A test's own answers come with the columns that it is not about.
    given = columns.pop("answers", answers)
    answers = [own and made | own | _reason(own) for own, made in zip(given, answers, strict=True)]
    made = {
        "pair_ids": [f"{pair:016x}" for pair in range(n_pairs)],
        "queries": [f"test_{row:05d}" for row in query_p],
        "references": [f"test_{n_pairs + pair:05d}" for pair in range(n_pairs)],
        "query_labels": labels,
        "reference_labels": labels,
        "groups": labels,
        "group_kind": "class",
        "clusters_p": query_p,
        "cluster_unit": "query",
        "resampling": Resampling(0, 200),
        "similarity_p": rng.uniform(0.3, 1, n_pairs),
        "answers": answers,
        "disagreement_p": rng.integers(0, 8, n_pairs) / 8,
        "insertion_p": rng.uniform(0.4, 1, n_pairs),
        "knowledge": [make_knowledge(pair, answer, rng) for pair, answer in enumerate(answers)],
        "nearest_pk": (np.arange(n_pairs)[:, None] + np.arange(1, min(12, n_pairs))[None]) % max(n_pairs, 1),
        "image_labels": {
            f"test_{number:05d}": [("red", "blue", "long sleeve")[number % 3]] for number in range(2 * n_pairs)
        },
    }
    return PairTable(**{**made, **columns})


def _reason(answer):
    return {"reason": None if answer["attribute"] else "no_effect"}


def make_knowledge(pair, answer, rng):
    """The truth of four pairs in five, and a test with other images, which six pairs in seven have controls for."""
    test = ReplacementTest(-0.1, None if pair % 7 == 6 else 0.05 if pair == 70 else -0.1)
    if pair % 5 == 0:
        return PairKnowledge(test)
    effect = float(rng.uniform(0, 0.2))
    outcome = {"attribute": answer and answer["attribute"], "eligible": True, "hit": pair % 3 == 0, "effect": effect}
    return PairKnowledge(test, outcome | {"best_effect": effect + float(rng.uniform(0, 0.2))})


def unknown(n_pairs):
    """Nothing known of any pair beside its answer."""
    return [PairKnowledge()] * n_pairs


def make_answer(pair, rng, attributes):
    """The first attribute answers most often; every tenth pair has no answer."""
    effect = float(rng.uniform(0.05, 0.3))
    attribute = None if pair % 10 == 9 else attributes[min(int(rng.exponential(1.5)), len(attributes) - 1)]
    return {
        "pair_id": f"{pair:016x}",
        "attribute": attribute,
        "reason": None if attribute else "no_effect",
        "variant": "embedding_effect",
        "effect": effect,
        "effect_low": effect - 0.02,
        "effect_high": effect + 0.03,
        "probability": 0.8,
        "probability_of": "largest_true_effect",
        "presence": "labels",
        "leading_attribute": attribute or attributes[0],
        "p_value": 0.01,
        "agreement": 0.97,
        "candidates": 5,
        "told_by": "pair",
    }


def make_choice(value=0.12, low=0.09, high=0.15):
    row = {"n": 200, "n_clusters": 50, "top1_accuracy": 0.9, "undefined": 3}
    return [
        {
            "variant": "embedding_effect",
            "matched_effect": value,
            "ci_low": low,
            "ci_high": high,
            "is_chosen": True,
            **row,
        },
        {"variant": "classifier", "matched_effect": 0.01, "ci_low": 0.0, "ci_high": 0.02, "is_chosen": False, **row},
    ]
