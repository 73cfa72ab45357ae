"""A user's model with conditions is explained as the type-aware model whose weights it has; unfit masks are refused."""

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB
from stores.artifacts import ArtifactStore
from tests.flows.fake_outfits import write_outfit_config
from tests.flows.run_cases import FinishedRun, Tables, invoke, refusal
from tests.flows.user_model_config import user_model_run

SCORED = ("similarities.test", "compatibility", "saliency_maps.test.rise.fixed", "replacements.test")
WRAPPER = """
from safetensors.numpy import load_file
from pipeline.similarity.networks import build_embedding_network, load_network_state

class TypeAware:
    def __init__(self, network, masks):
        self.embed, self.masks = network.eval(), masks
    def condition_masks(self):
        return self.masks

def build(network, masks, spelling="{}|{}", leave_out=()):
    built = build_embedding_network("small_residual", 16)
    load_network_state(built, load_file(network), network)
    found = {spelling.format(*name.split("|")): mask for name, mask in load_file(masks).items()}
    return TypeAware(built, {name: mask for name, mask in found.items() if name not in leave_out})
"""
MODEL = f"""
kind = "user"
factory = "wrapper:build"
factory_files = {{ network = "network.safetensors", masks = "masks.safetensors" }}
mean = {list(IMAGENET_MEAN_RGB)}
std = {list(IMAGENET_DEVIATION_RGB)}
conditions = true
"""
# A few lines that pool pixels; their masks lie in a file that the code opens by itself, which no key names.
HIDDEN = """
from pathlib import Path
import numpy as np

class Pooled:
    def embed(self, images):
        return np.concatenate([images.mean(axis=(2, 3)), images.std(axis=(2, 3)) + 0.1], axis=1)
    def condition_masks(self):
        text = Path(__file__).with_name("masks.txt").read_text()
        return {line.split()[0]: np.array(line.split()[1:], float) for line in text.splitlines()}

def build():
    return Pooled()
"""
MASKS = "bags|shoes 1 0 0 1 1 1\ntops|bags 0 1 0 1 1 1\n"
HIDDEN_MODEL = 'kind = "user"\nfactory = "hidden:build"\narray_type = "numpy"\nconditions = true\n'


@pytest.fixture(autouse=True)
def own_search_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that end with a test are not searched by later ones."""
    monkeypatch.setattr(sys, "path", list(sys.path))


def with_model(config: Path, folder: Path, keys: str, files: dict[str, str]) -> FinishedRun:
    """Write a configuration of the same dataset with another model, and files beside it; nothing is run."""
    head, _, rest = config.read_text().partition("[similarity_model]")
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    path = folder / "user.toml"
    path.write_text(f"{head}[similarity_model]\n{keys.strip()}\n{rest[rest.index('[pairs]') :]}")
    return FinishedRun(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run of the type-aware model."""
    config = write_outfit_config(tmp_path_factory.mktemp("outfits"))
    # Unlike sane it sees no maps, so that both runs find the same replacements.
    found_by = '[evaluation]\nreplacement_models = ["classifier"]\n'
    config.write_text(config.read_text().replace("[evaluation]\n", found_by))
    run = FinishedRun(config)
    for until in SCORED:
        run.run(until=until)
    return run


@pytest.fixture(scope="module")
def wrapped(trained: FinishedRun) -> FinishedRun:
    """A run of the same weights as a user's model."""
    folder = trained.config.parent / "wrapped"
    run = with_model(trained.config, folder, MODEL, {"wrapper.py": WRAPPER})
    store = ArtifactStore(str(trained.store))
    (commit,) = store.read_commits(trained.manifest("similarity_model"))
    save_file(store.read_part_tensors(commit, "model")[0], folder / "network.safetensors")
    names = store.read_part_table(commit, "conditions")["condition"].to_pylist()
    masks = stored(trained, "similarity_model", "condition_masks", "masks")
    save_file({name: mask.copy() for name, mask in zip(names, masks, strict=True)}, folder / "masks.safetensors")
    for until in SCORED:
        run.run(until=until)
    return run


def stored(run: FinishedRun, stage: str, part: str, name: str) -> np.ndarray:
    store = ArtifactStore(str(run.store))
    commits = store.read_commits(run.manifest(stage))
    return np.concatenate([store.read_part_arrays(commit, part, [name])[name] for commit in commits])


@pytest.fixture(scope="module")
def both(trained: FinishedRun, wrapped: FinishedRun) -> tuple[Tables, Tables]:
    return Tables(trained.settings()), Tables(wrapped.settings())


def column(both: tuple[Tables, Tables], sql: str) -> tuple[np.ndarray, np.ndarray]:
    first, second = ([next(iter(row.values())) for row in tables.ask(sql)] for tables in both)
    return np.array(first), np.array(second)


def test_pairs_score_as_under_the_type_aware_model(both: tuple[Tables, Tables]) -> None:
    expected, found = column(both, "select similarity from similarities order by pair_id")
    assert len(expected) == 24
    np.testing.assert_allclose(found, expected, atol=1e-5)
    checks = {row["measure"]: row for row in both[1].ask("select * from model_checks")}
    assert [checks[name]["value"] for name in ("condition_masks", "conditions_without_mask")] == [3, 0]
    assert checks["masks_of_no_condition"]["value"] == 0
    assert checks["smallest_norm_under_mask"]["value"] > checks["smallest_norm_under_mask"]["limit"]


def test_outfits_score_as_under_the_type_aware_model(both: tuple[Tables, Tables]) -> None:
    for one in ("score", "replaced_score"):
        expected, found = column(both, f"select {one} from replaced_outfits order by variant, outfit_id")
        np.testing.assert_allclose(found, expected, atol=1e-5)
    expected, found = column(
        both, "select value from compatibility_metrics where variant is not null order by variant, metric"
    )
    assert len(expected) == 4
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert column(both, "select distinct variant from replaced_outfits order by 1")[1].tolist() == [
        "general",
        "type_aware",
    ]


def test_effects_are_those_of_the_type_aware_model(both: tuple[Tables, Tables]) -> None:
    expected, found = column(
        both, "select effect from replacements where effect is not null order by kind, pair_id, attribute"
    )
    assert len(expected) > 20
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_maps_are_those_of_the_type_aware_model(trained: FinishedRun, wrapped: FinishedRun) -> None:
    expected, found = (
        stored(run, "saliency_maps.test.rise.fixed", "maps", "maps").astype(np.float64) for run in (trained, wrapped)
    )
    assert np.isfinite(expected).sum() == 24 * 32 * 32
    # Stored as float16.
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.nanmax(np.abs(expected)))


def test_curves_end_at_the_score_under_the_condition(wrapped: FinishedRun) -> None:
    wrapped.run(until="faithfulness.rise.fixed")
    ends = wrapped.query(
        "select insertion_curve[101] as last, deletion_curve[1] as first, similarity "
        "from faithfulness join similarities using (pair_id)"
    )
    assert len(ends) == 24
    for row in ends:
        assert (row["last"], row["first"]) == pytest.approx((row["similarity"], row["similarity"]), abs=1e-5)


def test_without_conditions_the_same_embeddings_score_otherwise(wrapped: FinishedRun, tmp_path: Path) -> None:
    run = wrapped.copy_to(tmp_path / "copy")
    plain = ("similarity_model.conditions=false",)
    under = [row["similarity"] for row in run.query("select similarity from similarities order by pair_id")]
    assert run.computed(*plain, until="similarities.test") == {"similarity_model": 1, "similarities.test": 1}
    general = [row["similarity"] for row in run.query("select similarity from similarities order by pair_id", *plain)]
    assert np.abs(np.array(under) - general).max() > 0.01
    stage = "saliency_maps.test.rise.fixed"
    under_maps = stored(run, stage, "maps", "maps").astype(np.float64)
    assert stage in run.computed(*plain, until=stage)
    assert np.nanmax(np.abs(stored(run, stage, "maps", "maps") - under_maps)) > 0.1 * np.nanmax(np.abs(under_maps))
    assert set(run.manifest("similarity_model").details["counts"]) == {"images", "forward_passes"}
    # Masks and embeddings of both are kept: nothing is done again.
    assert run.computed(until="similarities.test") == {}


def test_both_orders_of_types_name_a_mask_and_pairs_without_one_are_counted(
    wrapped: FinishedRun, tmp_path: Path
) -> None:
    run = wrapped.copy_to(tmp_path / "copy")
    turned = ("similarity_model.factory_arguments={spelling='{1}|{0}'}",)
    before = stored(run, "similarity_model", "condition_masks", "masks")
    run.run(*turned, until="similarity_model")
    np.testing.assert_array_equal(stored(run, "similarity_model", "condition_masks", "masks"), before)
    fewer = ("similarity_model.factory_arguments={leave_out=['bags|shoes']}",)
    run.run(*fewer, until="similarities.test")
    (check,) = run.query("select value from model_checks where measure = 'conditions_without_mask'", *fewer)
    assert check["value"] == 1
    without = run.query("select count(*) n from pairs where split = 'test' and condition = 'bags|shoes'", *fewer)
    assert run.manifest("similarities.test").details["counts"]["pairs_without_mask"] == without[0]["n"] > 0
    embeddings = stored(run, "embeddings", "embeddings", "embeddings")
    rows = run.query("select image_id from image_embeddings", *fewer)
    row = {each["image_id"]: number for number, each in enumerate(rows)}
    pairs = run.query(
        "select query, reference, similarity from pairs join similarities using (pair_id) "
        "where split = 'test' and condition = 'bags|shoes'",
        *fewer,
    )
    for pair in pairs:
        cosine = embeddings[row[pair["query"]]] @ embeddings[row[pair["reference"]]]
        assert pair["similarity"] == pytest.approx(float(cosine), abs=1e-6)


@pytest.fixture
def hidden(trained: FinishedRun, tmp_path: Path) -> FinishedRun:
    """A model whose masks no key knows, nothing run yet."""
    return with_model(trained.config, tmp_path / "run", HIDDEN_MODEL, {"hidden.py": HIDDEN, "masks.txt": MASKS})


def test_masks_count_by_their_content_wherever_pairs_are_scored(
    hidden: FinishedRun, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command line shows this log itself and keeps it from going further.
    monkeypatch.setattr(logging.getLogger("sane"), "propagate", True)
    hidden.run(until="similarities.test")
    hidden.run(until="compatibility")
    assert hidden.query("select * from conditions order by position") == [
        {"position": 0, "condition": "bags|shoes"},
        {"position": 1, "condition": "bags|tops"},
    ]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    (hidden.config.parent / "masks.txt").write_text(MASKS.replace("0 0 1", "0 2 1") + "bag|shoe 1 1 1 1 1 1\n")
    # What no key names goes unnoticed until the model is asked again; its embeddings are what they were.
    assert hidden.computed(until="similarities.test") == {}
    again = hidden.computed(until="similarities.test", force=("similarity_model",))
    assert again == {"similarity_model": 1, "similarities.test": 1}
    assert "1 of 3 condition masks have names that no pair of this dataset has, such as 'bag|shoe'" in caplog.text
    assert hidden.status()["compatibility"]["state"] == "stale"
    count = "select value from model_checks where measure = 'masks_of_no_condition'"
    assert hidden.query(count) == [{"value": 1.0}]


def test_the_plan_counts_what_the_checks_do(hidden: FinishedRun) -> None:
    planned = hidden.status(command="plan")
    assert planned["similarity_model"]["bytes"] is None
    hidden.run(until="similarity_model")
    passes = hidden.manifest("similarity_model").details["counts"]["forward_passes"]
    assert planned["similarity_model"]["forward_passes"] == passes
    assert len(hidden.query("select * from model_checks")) == 6 + 4


UNFIT = {
    "misspelt": (HIDDEN, "bag|shoe 1 1 1 1 1 1\n", "1 of other ones, such as 'bag|shoe'"),
    "negative": (HIDDEN, "bags|shoes 1 -1 1 1 1 1\n", "1 negative ones"),
    "short": (HIDDEN, "bags|shoes 1 1\n", "shape (2,)"),
    "empty": (HIDDEN, "", "an empty one"),
    "no method": (HIDDEN.replace("def condition_masks", "def masks"), MASKS, "an object of type Pooled without one"),
    "blank": (HIDDEN.replace("+ 0.1", ""), "bags|shoes 0 0 0 1 1 1\n", "noisy and blank ones among them"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_unfit_masks_stop_the_run_before_anything_is_embedded(hidden: FinishedRun, name: str) -> None:
    code, masks, found = UNFIT[name]
    (hidden.config.parent / "hidden.py").write_text(code)
    (hidden.config.parent / "masks.txt").write_text(masks)
    message = refusal(invoke("run", hidden.config), 1)
    assert found in message
    assert not (hidden.store / "embeddings").exists()


def test_a_dataset_without_conditions_is_refused_before_an_image_is_made(tmp_path: Path) -> None:
    run = user_model_run(tmp_path, HIDDEN_MODEL.replace('kind = "user"\n', ""), {"hidden.py": HIDDEN})
    for command in ("run", "plan", "status"):
        message = refusal(invoke(command, run.config), 2)
        assert "a dataset whose pairs have conditions" in message
        assert "dataset.kind = 'planted'" in message
    assert not (run.store / "images").exists()
    assert run.settings("similarity_model.conditions=false").similarity_model.conditions is False


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('kind = "user"\nprogram = "c.pt2"\nconditions = true', "similarity_model.conditions with a factory only"),
        ('kind = "type_aware"\nconditions = true', "no similarity_model.conditions where similarity_model.kind"),
        ("conditions = true", "no similarity_model.conditions where similarity_model.kind is 'resnet18'"),
    ],
)
def test_other_models_have_no_such_key(trained: FinishedRun, tmp_path: Path, keys: str, expected: str) -> None:
    run = with_model(trained.config, tmp_path / "run", keys, {})
    with pytest.raises(BadSetting) as refused:
        run.settings()
    assert expected in refused.value.expected


def test_models_without_conditions_keep_their_keys(hidden: FinishedRun) -> None:
    for settings in (hidden.settings("similarity_model.conditions=false"), hidden.settings()):
        stages = {stage.name: stage for stage in build_stages(settings)}
        asked = settings.similarity_model.conditions
        for name in ("similarity_model", "similarities.test", "saliency_maps.test.rise.fixed"):
            keys = {"conditions", "has_conditions"} & set(stages[name].settings)
            assert bool(keys) is asked
        assert ("type_pairs" in stages["similarity_model"].upstream) is asked
