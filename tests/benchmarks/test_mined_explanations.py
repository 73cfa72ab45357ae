"""Maps of models with and without mining: causes by rendering again, figures of finished runs, items as clusters."""

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.mined_explanations import MeasuredRuns, MinedRun, query_effects, report, seeds_table
from benchmarks.randomisation_sanity import read_scorer
from flows.configured_runs import run_of_seed
from flows.results import open_results
from pipeline.datasets.planted.edits import attribute_edits, changed_region
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.renderer import render_item, render_with_edit
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.evaluation.audit.localisation import map_auroc
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

TRIPLETS = (
    "similarity_model.objective=triplet",
    "similarity_model.batch_size=32",
    "similarity_model.images_per_class=4",
)
CHANGES = (
    'saliency.generators=["rise","centre"]',
    "saliency.correspondence.enabled=true",
    "dataset.cameras=2",
    *TRIPLETS,
)
UNTIL = ("retrieval.test", "match_components.test", "faithfulness.rise.fixed", "faithfulness.centre.fixed")


class MeanColour:
    """A model that sees nothing but the mean colour."""

    def embed(self, pixels_nhwc: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        means_nc = pixels_nhwc.mean(axis=(1, 2)) - 128
        embeddings: npt.NDArray[np.float32] = (means_nc / np.linalg.norm(means_nc, axis=1, keepdims=True)).astype("f4")
        return embeddings


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """Two models, with and without mining, of an epoch each."""
    made = FinishedRun(write_config(tmp_path_factory.mktemp("mined"), epochs="1", train_items="96"))
    for form in ("none", "absolute"):
        for stage in UNTIL:
            made.run(*CHANGES, f"similarity_model.mining.form={form}", until=stage)
    return made


@pytest.fixture(scope="module")
def measured(run: FinishedRun) -> MeasuredRuns:
    return MeasuredRuns(run.config, ["none", "absolute"], [0], CHANGES)


def test_effects_of_a_query_are_those_of_rendering_it_again() -> None:
    spec = PlantedSpec(image_size_px=32, train_items=4, valid_items=4, test_items=4)
    query, model = "test_00001", MeanColour()
    item = sample_item(spec, query)
    references_kd = model.embed(np.stack([render_item(spec, f"test_0000{number}") for number in (0, 2)]))
    absent = next(name for name in ("part:pocket", "part:strap", "part:emblem") if name not in item.attributes)
    names = sorted({*item.attributes, absent})
    found = query_effects(spec, model, query, references_kd, names)  # type: ignore[arg-type]
    assert set(found.attributes) == set(item.attributes)
    for column, name in enumerate(found.attributes):
        images = [render_with_edit(spec, query, edit) for edit in attribute_edits(item, name)]
        for row, reference_d in enumerate(references_kd):
            before = float(model.embed(render_item(spec, query)[None])[0] @ reference_d)
            after = [float(model.embed(image[None])[0] @ reference_d) for image in images]
            assert found.effects_ka[row, column] == pytest.approx(before - np.mean(after), abs=1e-6)
    assert found.nulls_k.shape == (len(found.attributes), 2)


def test_figures_are_those_of_the_runs(run: FinishedRun, measured: MeasuredRuns) -> None:
    figures = measured.figures()
    for form in ("none", "absolute"):
        chosen = (*CHANGES, f"similarity_model.mining.form={form}")
        results = open_results(run.config, chosen)
        one = run_of_seed(run.config, chosen, 0)
        mined = MinedRun(one.settings, one.current())
        aurocs = mined.aurocs()["rise, fixed"]
        assert len(aurocs) > 0
        for row in mined.pairs:
            if row["pair_id"] in aurocs:
                region = mined.regions(row)["query"]
                assert aurocs[row["pair_id"]] == pytest.approx(map_auroc(results.map(row["pair_id"]), region))
        values = figures.values((form, "AUROC", "rise, fixed"))
        assert np.nanmean(values) == pytest.approx(np.mean(list(aurocs.values())))
        (insertion,) = run.query(
            "select avg(insertion_auc) as value, count(*) as n from faithfulness where generator = 'rise'", *chosen
        )
        curves = figures.values((form, "insertion", "rise, fixed"))
        assert (np.nanmean(curves), np.isfinite(curves).sum()) == (pytest.approx(insertion["value"]), insertion["n"])
        (right,) = run.query("select avg(is_right::int) as value from retrieval_queries", *chosen)
        assert np.nanmean(figures.values((form, "retrieval", "rank 1"))) == pytest.approx(right["value"])


def test_a_cause_is_what_both_images_have_and_what_moves_the_score_most(run: FinishedRun) -> None:
    one = run_of_seed(run.config, CHANGES, 0)
    upstream = one.current()
    mined = MinedRun(one.settings, upstream)
    spec, scorer = mined._spec, read_scorer(one.settings, upstream)
    names = upstream.table("vocabulary", "vocabulary")["attribute"].to_pylist()
    results = open_results(run.config, CHANGES)
    found, nulls = {}, []
    for row in mined.pairs:
        effects = query_effects(spec, scorer, row["query"], results.embedding(row["reference"])[None], names)
        nulls.append(np.abs(effects.nulls_k).ravel())
        shared = sample_item(spec, row["reference"]).attributes
        by_name = dict(zip(effects.attributes, effects.effects_ka[0].tolist(), strict=True))
        of_both = [(effect, name) for name, effect in by_name.items() if name in shared]
        found[row["pair_id"]] = max(of_both, default=(-1.0, ""))
    floor = max(0.02, float(np.quantile(np.concatenate(nulls), 0.99)))
    expected = {pair_id: name for pair_id, (effect, name) in found.items() if effect > floor}
    assert mined._causes == expected
    assert 0 < len(expected) < len(mined.pairs)
    regions = [(row, place["query"]) for row in mined.pairs if (place := mined.regions(row))]
    assert regions
    for row, region in regions:
        assert (region == changed_region(spec, row["query"], expected[row["pair_id"]])).all()


def test_the_report_compares_each_form_with_no_mining(measured: MeasuredRuns) -> None:
    text = report(measured)
    assert "| map | none | absolute |" in text
    assert "| rank 1 | " in text
    for measure, name in (("AUROC", "joint, reference"), ("deletion", "centre, fixed"), ("retrieval", "rank 1")):
        assert f"| {measure}, {name}: absolute − none | " in text
    # AUROC of five maps, two curves of two maps, two measures of retrieval.
    assert text.count(" − none | ") == 5 + 2 * 2 + 2
    # A model is not compared with itself.
    assert "none − none" not in text


class TwoSeeds(MeasuredRuns):
    """Figures of three pairs in each of three trainings, made up."""

    def __init__(self) -> None:
        self.forms, self.seeds = ["none", "absolute"], [0, 1, 2]
        self._values = {
            ("none", "AUROC", "rise"): {(seed, pair): 0.5 for seed in self.seeds for pair in "abc"},
            ("absolute", "AUROC", "rise"): {
                (seed, pair): 0.5 + gain
                for seed, gain in zip(self.seeds, (0.3, -0.2, 0.2), strict=True)
                for pair in ("ab" if seed else "abcd")
            },
        }


def test_a_training_is_one_unit_whatever_its_pairs() -> None:
    runs = TwoSeeds()
    keys = (("absolute", "AUROC", "rise"), ("none", "AUROC", "rise"))
    np.testing.assert_allclose(runs.seed_differences(*keys), [0.3, -0.2, 0.2])
    line = seeds_table(runs, {"gain": keys}).splitlines()[-1]
    # Student's interval of three values: mean 10, standard error 15.3, t of two degrees of freedom 4.30.
    assert line == "| gain | +10.0 [-55.7, +75.7] | 0.580 | +30.0, -20.0, +20.0 |"
