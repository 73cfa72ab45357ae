"""The stage graph: well formed for every kind of dataset, names as the contract spells them."""

import importlib.util
from pathlib import Path

import pytest

from flows.engine.code_identity import stage_code
from flows.engine.request import needed_for
from flows.engine.stage import Stage
from flows.settings.configuration import DatasetSettings, PairsSettings, Settings
from flows.settings.generators import SECTIONS
from flows.settings.saliency import SaliencySettings
from flows.settings.similarity_model import SimilarityModelSettings
from flows.stages.graph import build_stages
from pipeline.errors import BadModel
from pipeline.explanation.variants import default_variants

PLANTED = Settings(dataset=DatasetSettings(kind="planted"))
AWA2 = Settings(dataset=DatasetSettings(kind="awa2", root=Path("photographs")))
OUTFITS = Settings(dataset=DatasetSettings(kind="polyvore_outfits", root=Path("catalogue")))
OWN = Settings(dataset=DatasetSettings(kind="folder", root=Path("mine"), table=Path("items.csv")))
CARS = Settings(dataset=DatasetSettings(kind="cars196", root=Path("cars")))
PERSONS = Settings(dataset=DatasetSettings(kind="market1501", root=Path("persons")))
LISTED = OUTFITS.model_copy(update={"pairs": PairsSettings(file=Path("pairs.txt"))})
FROM_FILE = PLANTED.model_copy(update={"similarity_model": SimilarityModelSettings(weights=Path("model.safetensors"))})
GRAPHS = pytest.mark.parametrize(
    "settings",
    [PLANTED, AWA2, OUTFITS, OWN, CARS, PERSONS, LISTED, FROM_FILE],
    ids=["planted", "awa2", "outfits", "own", "cars", "persons", "listed", "from_file"],
)


@GRAPHS
def test_every_upstream_stage_comes_before(settings: Settings) -> None:
    seen: set[str] = set()
    for stage in build_stages(settings):
        assert stage.name not in seen
        assert set(stage.upstream) <= seen, stage.name
        assert len(set(stage.upstream)) == len(stage.upstream)
        seen.add(stage.name)


@GRAPHS
def test_what_a_stage_reads_is_upstream_of_it(settings: Settings) -> None:
    for stage in build_stages(settings):
        named = {*stage.settings.get("reads", {}), stage.settings.get("maps"), stage.settings.get("attribute_model")}
        assert named - {None} <= set(stage.upstream), stage.name


@GRAPHS
def test_every_job_exists_and_every_stage_has_code(settings: Settings) -> None:
    for stage in build_stages(settings):
        assert importlib.util.find_spec(stage.job) is not None
        code = stage_code(stage.job, stage.code, stage.packages)
        assert stage.job in code
        assert all(len(digest) == 64 for digest in code.values())


def report_reads(settings: Settings) -> dict[str, list[str]]:
    (stage,) = (stage for stage in build_stages(settings) if stage.name == "report")
    return {name: [part for part, _, _ in parts] for name, parts in stage.settings["reads"].items()}


def test_the_report_knows_what_every_generator_and_mode_costs() -> None:
    saliency = SaliencySettings(generators=["rise", "sliding_window", "centre"])
    alone = saliency.model_copy(update={"rise": SECTIONS["rise"](modes=["fixed"])})
    found = report_reads(PLANTED.model_copy(update={"saliency": saliency}))
    maps = {name: parts for name, parts in found.items() if name.startswith("saliency_maps.")}
    assert maps == {
        f"saliency_maps.test.{shown}": ["maps", "map_rows"]
        for shown in ("rise.fixed", "rise.both", "sliding_window.fixed", "sliding_window.both", "centre.fixed")
    }
    # Embeddings are kept where modes share them; the report wants to know what they cost, not what they are.
    kept = {name: parts for name, parts in found.items() if name.startswith("perturbed_embeddings.")}
    assert kept == {"perturbed_embeddings.test.rise": [], "perturbed_embeddings.test.sliding_window": []}
    assert set(report_reads(PLANTED.model_copy(update={"saliency": alone}))) & set(kept) == set(list(kept)[1:])


def test_the_report_reads_of_the_model_what_there_is() -> None:
    plain = report_reads(PLANTED)
    assert plain["similarity_model"] == report_reads(AWA2)["similarity_model"] == ["training_history"]
    assert "outfits.train" not in plain
    assert report_reads(OUTFITS)["outfits.train"] == ["outfits"]
    assert report_reads(OUTFITS)["similarity_model"] == ["training_history"]
    of_types = OUTFITS.model_copy(update={"similarity_model": SimilarityModelSettings(kind="type_aware")})
    assert report_reads(of_types)["similarity_model"] == ["training_history", "conditions"]
    program = SimilarityModelSettings(kind="user", program=Path("model.pt2"))
    users = PLANTED.model_copy(update={"similarity_model": program})
    assert report_reads(users)["similarity_model"] == ["training_history", "model_checks"]


@GRAPHS
def test_neither_machine_nor_place_is_in_a_key(settings: Settings) -> None:
    for stage in build_stages(settings):
        assert not {"device", "batch_size", "threads", "root", "weights", "runner"} & set(stage.settings) - {
            # The batch size of training shapes the result.
            "batch_size" if stage.name == "similarity_model" else "",
            # Those of Eq. 4, no file of weights.
            "weights" if stage.name == "explanation_weights" else "",
        }


def test_instances_are_spelt_as_the_contract_says() -> None:
    names = {stage.name for stage in build_stages(PLANTED)}
    assert {
        "saliency_maps.test.rise.fixed",
        "saliency_maps.train.rise.fixed",
        "attribute_model.sane",
        "faithfulness.centre.fixed",
        "pairs.valid",
        "true_effects.test",
        "map_localisation.rise.both",
    } <= names


def test_only_planted_items_can_be_audited() -> None:
    planted, awa2 = ({stage.name for stage in build_stages(settings)} for settings in (PLANTED, AWA2))
    of_maps = {name.replace("faithfulness", "map_localisation") for name in awa2 if name.startswith("faithfulness.")}
    assert of_maps
    of_truth = {"true_effects.valid", "true_effects.test", "joint_effects.test", "audit", "edit_effects.test"}
    assert planted - awa2 == of_truth | of_maps
    assert awa2 <= planted
    assert set(by_name(OWN)) == awa2


def test_maps_are_judged_further_where_asked_and_by_parts_where_items_are_rendered() -> None:
    def added(settings: Settings) -> set[str]:
        evaluation = settings.evaluation.model_copy(update={"map_protocols": True})
        asked = by_name(settings.model_copy(update={"evaluation": evaluation}))
        plain = by_name(settings)
        assert {name for name in plain if plain[name].settings != asked[name].settings} == {"metrics"}
        assert set(asked["metrics"].upstream) - set(plain["metrics"].upstream) == set(asked) - set(plain) - {
            "attribute_regions.test"
        }
        return set(asked) - set(plain)

    shown = {name.removeprefix("faithfulness.") for name in by_name(AWA2) if name.startswith("faithfulness.")}
    assert added(AWA2) == added(OUTFITS) == {f"map_protocols.{one}" for one in shown}
    assert added(PLANTED) == added(AWA2) | {f"map_parts.{one}" for one in shown} | {"attribute_regions.test"}


def test_colours_are_edited_where_the_dataset_declares_them() -> None:
    edited = {"colour_references", "recoloured_effects.test", "recolour_audit"}
    assert edited <= set(by_name(OUTFITS))
    assert not edited & (set(by_name(PLANTED)) | set(by_name(AWA2)) | set(by_name(OWN)))
    assert {"recolour_audit", "edit_effects.test"} <= set(by_name(OUTFITS)["metrics"].upstream)


def test_catalogues_are_white_unless_told() -> None:
    assert OUTFITS.dataset.canvas == (255, 255, 255)
    assert AWA2.dataset.canvas == (127, 127, 127)
    grey = DatasetSettings(kind="polyvore_outfits", root=Path("catalogue"), canvas=(9, 9, 9))
    assert grey.canvas == (9, 9, 9)


def identity_of(stage: Stage) -> tuple[object, ...]:
    """What keys and results follow from."""
    return stage.job, stage.settings, stage.code, stage.upstream, stage.paths, stage.version


def test_a_released_list_replaces_the_test_pairs_alone() -> None:
    sampled, listed = by_name(OUTFITS), by_name(LISTED)
    assert {name for name in sampled if identity_of(sampled[name]) != identity_of(listed[name])} == {"pairs.test"}
    assert "outfits.test" not in listed["pairs.test"].upstream


def test_a_model_from_a_file_depends_on_no_image_and_on_no_training_setting() -> None:
    stage = by_name(FROM_FILE)["similarity_model"]
    assert stage.upstream == ()
    assert set(stage.settings) == {"network", "embedding_dim"}
    assert stage.paths == {"weights": "model.safetensors"}


def test_training_never_depends_on_test_pairs_or_maps() -> None:
    stages = build_stages(PLANTED)
    for name in ("similarity_model", "attribute_model.sane", "attribute_model.classifier", "explanation_weights"):
        assert not {needed for needed in needed_for(stages, name) if ".test" in needed}, name


def test_a_classifier_depends_on_no_map() -> None:
    assert "saliency_maps.train.rise.fixed" not in needed_for(build_stages(PLANTED), "attribute_model.classifier")
    assert "saliency_maps.train.rise.fixed" in needed_for(build_stages(PLANTED), "attribute_model.sane")


def with_variants(*names: str, **changes: object) -> Settings:
    """Planted settings, validated, with these variants."""
    values = {"dataset": {"kind": "planted"}, "explanation": {"variants": list(names)}, "attribute_model": changes}
    return Settings.model_validate(values)


def test_only_the_models_that_the_variants_need_are_trained() -> None:
    def models(settings: Settings) -> set[str]:
        return {name.partition(".")[2] for name in by_name(settings) if name.startswith("attribute_model.")}

    assert models(PLANTED) == {"sane", "classifier"}
    assert models(with_variants("random", "predicted_in_both")) == {"classifier"}
    assert models(with_variants("sane+match")) == {"sane"}
    # Replacements are found in the scores of some model.
    assert models(with_variants("random", "embedding_effect")) == {"classifier"}
    assert models(with_variants("classifier_fc")) == {"classifier_fc", "classifier"}
    asked = {"dataset": {"kind": "planted"}, "evaluation": {"replacement_models": ["sane", "fashion_search_net"]}}
    assert models(Settings.model_validate(asked)) == {"sane", "classifier", "fashion_search_net"}
    # More may be trained than are needed: they are compared as predictors.
    assert models(with_variants("sane", names=["classifier", "sane"])) == {"sane", "classifier"}


ADDED = ("random_present", "classifier_fc", "fashion_search_net", "fashion_search_net+match")


def test_more_variants_and_models_leave_every_other_result_as_it_is() -> None:
    before, after = by_name(PLANTED), by_name(with_variants(*default_variants(), *ADDED))
    new = {f"{stage}.{model}" for stage in ("attribute_model", "attribute_scores") for model in ADDED[1:3]}
    assert set(after) - set(before) == new
    changed = {name for name in before if identity_of(before[name]) != identity_of(after[name])}
    # Weights, scores and figures of all variants are one result each; nothing is trained, embedded or mapped again.
    assert changed == {
        "explanation_weights",
        "explanations",
        "explanations.valid",
        "answers",
        "audit",
        "metrics",
        "report",
    }
    # Neither do the models' own settings reach each other.
    other = by_name(with_variants(*default_variants(), *ADDED, region_threshold=0.3))
    assert {name for name in after if identity_of(after[name]) != identity_of(other[name])} == {
        "attribute_model.fashion_search_net"
    }


def test_weights_to_start_from_are_known_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    settings = with_variants("classifier", backbone_weights=path, freeze_backbone=True)
    stage = by_name(settings)["attribute_model.classifier"]
    assert stage.paths == {"backbone_weights": str(path)}
    assert str(tmp_path) not in str(stage.settings)
    assert stage.check_inputs is not None
    with pytest.raises(BadModel, match=r"attribute_model\.backbone_weights"):
        stage.check_inputs(stage, {})
    path.write_bytes(b"weights")
    stage.check_inputs(stage, {})


def test_needed_for_is_the_stage_and_all_upstream_of_it() -> None:
    stages = build_stages(PLANTED)
    assert needed_for(stages, "images") == {"images"}
    assert needed_for(stages, "similarities.test") == {
        "images",
        "similarity_model",
        "embeddings",
        "pairs.test",
        "similarities.test",
    }
    assert needed_for(stages, "report") < {stage.name for stage in stages}


def by_name(settings: Settings) -> dict[str, Stage]:
    return {stage.name: stage for stage in build_stages(settings)}


def test_without_attributes_there_are_the_other_stages_alone() -> None:
    cars, awa2 = set(by_name(CARS)), set(by_name(AWA2))
    assert cars - awa2 == {"retrieval.test"}
    assert set(by_name(PERSONS)) - cars == {"image_views.test"}
    left = {name.split(".")[0] for name in cars & awa2}
    assert left == {
        "vocabulary",
        "images",
        "similarity_model",
        "embeddings",
        "pairs",
        "similarities",
        "perturbed_embeddings",
        "saliency_maps",
        "faithfulness",
        "metrics",
        "pair_pages",
        "report",
    }
    assert {name for name in awa2 - cars if "saliency_maps" in name} == {
        "saliency_maps.train.rise.fixed",
        "saliency_maps.valid.rise.fixed",
    }


def test_matches_have_parts_without_names_where_there_are_no_attributes() -> None:
    correspondence = CARS.saliency.correspondence.model_copy(update={"enabled": True})
    saliency = CARS.saliency.model_copy(update={"correspondence": correspondence})
    added = set(by_name(CARS.model_copy(update={"saliency": saliency}))) - set(by_name(CARS))
    assert added == {"cell_effects.test", "correspondences.test"}
