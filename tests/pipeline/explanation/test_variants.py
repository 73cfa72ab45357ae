"""The table of variants: what each computes, that it looks at nothing but what it says it needs, and its controls."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from pipeline.attributes.catalogue import ATTRIBUTE_MODELS
from pipeline.errors import BadSetting
from pipeline.explanation import variants as module
from pipeline.explanation.baselines import random_scores
from pipeline.explanation.combination import ExplanationWeights, combine
from pipeline.explanation.evidence import COUNT, TCAV, ExplanationEvidence
from pipeline.explanation.variants import (
    SHUFFLED,
    VARIANTS,
    all_variants,
    default_variants,
    in_order,
    models_matched,
    models_needed,
    variant_scores,
)
from tests.pipeline.evaluation.broken_copy import broken_copy

N_PAIRS, N_IMAGES, N_ATTRIBUTES = 30, 20, 6
ALWAYS_KNOWN = {"seed", "prior_kind", "pair_ids", "query_p", "reference_p", "present_pa"}


class Unreadable:
    """Stands where a variant must not look."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"looked at, by {name}")

    def __getitem__(self, item: object) -> object:
        raise AssertionError("looked at, by an index")


def made_up_evidence(seed: int = 0) -> ExplanationEvidence:
    rng = np.random.default_rng(seed)
    maps = rng.random((N_PAIRS, 3, 3))
    return ExplanationEvidence(
        seed=4,
        pair_ids=[f"p{number}" for number in range(N_PAIRS)],
        query_p=rng.integers(0, N_IMAGES, N_PAIRS),
        reference_p=rng.integers(0, N_IMAGES, N_PAIRS),
        present_pa=rng.random((N_PAIRS, N_ATTRIBUTES)) < 0.5,
        logits={model: rng.normal(size=(N_IMAGES, N_ATTRIBUTES)) for model in ATTRIBUTE_MODELS},
        activations={model: rng.normal(size=(N_IMAGES, N_ATTRIBUTES, 3, 3)) for model in ATTRIBUTE_MODELS},
        maps_pyx=maps / maps.sum(axis=(1, 2), keepdims=True),
        priors={kind: rng.random(N_ATTRIBUTES) for kind in (COUNT, TCAV)},
        prior_kind=COUNT,
        weights={
            (model, kind): ExplanationWeights(0.2 + 0.1 * number, 0.3, 0.0 if kind == "none" else 0.5)
            for number, model in enumerate(ATTRIBUTE_MODELS)
            for kind in ("none", COUNT, TCAV)
        },
        held_out_drops_pa=rng.normal(size=(9, N_ATTRIBUTES)),
        effects_pa=rng.normal(size=(N_PAIRS, N_ATTRIBUTES)),
        presence_pa=rng.random((N_PAIRS, N_ATTRIBUTES)),
    )


def assert_definitions(tested=module) -> None:
    known = made_up_evidence()
    scores = tested.variant_scores(VARIANTS, known)
    terms = known.terms("sane")
    query, reference = known.query_p, known.reference_p
    by_hand = {
        "best_constant": np.tile(known.held_out_drops_pa.mean(axis=0), (N_PAIRS, 1)),
        "prior_only": np.tile(known.priors[COUNT], (N_PAIRS, 1)),
        "classifier": softmax(known.logits["classifier"], axis=1)[query],
        "sane": softmax(known.logits["sane"], axis=1)[query],
        "predicted_in_both": (one := softmax(known.logits["classifier"], axis=1))[query] * one[reference],
        "classifier_fc": softmax(known.logits["classifier_fc"], axis=1)[query],
        "fashion_search_net": softmax(known.logits["fashion_search_net"], axis=1)[query],
        "fashion_search_net+match": combine(known.terms("fashion_search_net"), ExplanationWeights(5 / 8, 3 / 8, 0)),
        "random_present": np.where(known.present_pa, random_scores(4, known.pair_ids, N_ATTRIBUTES), -np.inf),
        "sane+match": 0.4 * terms.confidence_pa + 0.6 * terms.map_match_pa,
        "sane+match+count": combine(terms, ExplanationWeights(0.2, 0.3, 0.5)),
        "sane+match+tcav": combine(terms.with_prior(known.priors[TCAV]), ExplanationWeights(0.2, 0.3, 0.5)),
        "embedding_effect": np.where(known.present_pa, known.effects_pa, -np.inf),
        "embedding_effect+presence": known.effects_pa * known.presence_pa,
    }
    for name, expected in by_hand.items():
        np.testing.assert_allclose(scores[name], expected, rtol=1e-12, err_msg=name)
    # The controls see the same but for the maps, which are those of other pairs.
    shuffled = known.with_shuffled_maps()
    assert sorted(shuffled.maps_pyx.sum(axis=2).ravel()) == sorted(known.maps_pyx.sum(axis=2).ravel())
    for name in ("sane+match", "sane+match+count", "fashion_search_net+match"):
        np.testing.assert_array_equal(scores[name + SHUFFLED], VARIANTS[name].scores(shuffled))
        assert (scores[name + SHUFFLED] != scores[name]).any(axis=1).mean() > 0.8


def test_every_variant_is_its_definition() -> None:
    assert_definitions()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('evidence.weights[model, "none"].without_prior()', 'evidence.weights[model, "count"]'),
        ('evidence.weights[model, "count"].on_simplex()', 'evidence.weights[model, "none"]'),
        ("return confidence_scores(evidence.logits[model],", 'return confidence_scores(evidence.logits["classifier"],'),
        (
            'evidence.logits["classifier"], evidence.query_p, evidence.reference_p',
            'evidence.logits["classifier"], evidence.query_p, evidence.query_p',
        ),
        ("np.where(evidence.present_pa, evidence.effects_pa, -np.inf)", "evidence.effects_pa"),
        ("np.where(evidence.present_pa, _random(evidence), -np.inf)", "_random(evidence)"),
        ('partial(_matched, "fashion_search_net")', 'partial(_matched, "sane")'),
        ('partial(_confidence, "classifier_fc")', 'partial(_confidence, "classifier")'),
        ("effects_pa * presence_pa,", "effects_pa + presence_pa,"),
        ("shuffled if name.endswith(SHUFFLED) else evidence", "evidence"),
    ],
    ids=[
        "prior not left out",
        "prior left out",
        "another predictor",
        "query twice",
        "labels not used",
        "random over all",
        "matched with another model",
        "confidence of another model",
        "sum",
        "not shuffled",
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_definitions(broken_copy(module, tmp_path, right, wrong))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_looks_at_nothing_but_what_it_says_it_needs(name: str) -> None:
    known = made_up_evidence()
    fields = {field.name for field in dataclasses.fields(ExplanationEvidence)}
    assert set(VARIANTS[name].needs) <= fields
    hidden = fields - ALWAYS_KNOWN - set(VARIANTS[name].needs)
    expected = VARIANTS[name].scores(known)
    blind = dataclasses.replace(known, **dict.fromkeys(hidden, Unreadable()))
    models = VARIANTS[name].models
    for field in {"logits", "activations"} & set(VARIANTS[name].needs):
        blind = dataclasses.replace(blind, **{field: {model: getattr(known, field)[model] for model in models}})
    np.testing.assert_array_equal(VARIANTS[name].scores(blind), expected)
    for needed in VARIANTS[name].needs:
        if needed not in ALWAYS_KNOWN:
            with pytest.raises((AssertionError, TypeError)):
                VARIANTS[name].scores(dataclasses.replace(known, **{needed: Unreadable()}))
    for model in models:
        others = {other: array for other, array in known.logits.items() if other != model}
        with pytest.raises(KeyError):
            VARIANTS[name].scores(dataclasses.replace(known, logits=others))


def test_only_those_told_the_labels_change_with_them() -> None:
    known = made_up_evidence()
    other = dataclasses.replace(known, present_pa=~known.present_pa)
    changed = {
        name for name in VARIANTS if not np.array_equal(VARIANTS[name].scores(known), VARIANTS[name].scores(other))
    }
    told = {name for name, variant in VARIANTS.items() if variant.is_told_labels}
    assert changed == told == {"embedding_effect", "random_present"}


def test_models_are_those_of_the_catalogue_and_only_the_papers_two_are_trained_unasked() -> None:
    assert set(models_needed(VARIANTS)) == set(ATTRIBUTE_MODELS)
    assert set(models_needed(default_variants())) == {"sane", "classifier"}
    assert models_needed(["random", "predicted_in_both", "sane+match", "classifier"]) == {
        "classifier": "predicted_in_both",
        "sane": "sane+match",
    }
    assert models_matched(["classifier", "sane"]) == []
    assert models_matched(["classifier", "sane+match", "sane+match+count"]) == ["sane"]


def test_a_random_present_attribute_is_each_of_them_equally_often() -> None:
    n_pairs = 4000
    present = np.tile([True, False, True, False, True, False], (n_pairs, 1))
    known = dataclasses.replace(made_up_evidence(), pair_ids=[f"p{n}" for n in range(n_pairs)], present_pa=present)
    named = np.bincount(VARIANTS["random_present"].scores(known).argmax(axis=1), minlength=6)
    assert named[[1, 3, 5]].sum() == 0
    # Four standard deviations of a share of a third.
    np.testing.assert_allclose(named[[0, 2, 4]] / n_pairs, 1 / 3, atol=0.03)


def test_controls_follow_all_variants_in_their_order() -> None:
    names = ["sane+match+count", "random", "sane+match"]
    expected = [*names, "sane+match+count~shuffled", "sane+match~shuffled"]
    assert all_variants(names) == expected
    assert list(variant_scores(names, made_up_evidence())) == expected


def test_variants_see_a_controls_evidence_only_where_maps_matter() -> None:
    known, shuffled = made_up_evidence(), made_up_evidence().with_shuffled_maps()
    changed = {
        name for name in VARIANTS if not np.array_equal(VARIANTS[name].scores(known), VARIANTS[name].scores(shuffled))
    }
    assert changed == {name for name, variant in VARIANTS.items() if variant.has_shuffled_control}


def test_places_are_distinct_and_one_variant_makes_the_claim() -> None:
    for places in ([one.claim_order for one in VARIANTS.values()], [one.card_order for one in VARIANTS.values()]):
        given = [place for place in places if place is not None]
        assert len(set(given)) == len(given)
    (claimant,) = (name for name, variant in VARIANTS.items() if variant.is_claimant)
    assert VARIANTS[claimant].claim_order is None
    assert not VARIANTS[claimant].is_told_labels
    assert in_order({"a": 3, "b": None, "c": 1}) == ["c", "a"]


def test_nothing_is_left_without_the_prior() -> None:
    known = dataclasses.replace(made_up_evidence(), weights={("sane", "none"): ExplanationWeights(0, 0, 1)})
    with pytest.raises(BadSetting, match="weights"):
        VARIANTS["sane+match"].scores(known)


def test_explaining_imports_no_torch_and_the_table_no_more_than_numpy() -> None:
    code = "import sys, pipeline.explanation.variants; sys.exit(bool({'torch', 'sklearn', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = (
        "import sys, pipeline.explanation.variants, pipeline.explanation.weight_grid, "
        "pipeline.explanation.count_prior, pipeline.explanation.embedding_effect, "
        "pipeline.explanation.presence_probe, pipeline.explanation.normalise_map; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
