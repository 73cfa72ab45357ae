"""A user's own model through the pipeline: what names it, what makes it stale, and how an unfit one is told."""

import json
import sys
from pathlib import Path

import pytest
import torch

from pipeline.errors import BadSetting
from tests.end_to_end.test_second_run import run_commands
from tests.exported_program import SIDE_PX, exported, small_network
from tests.flows.run_cases import FinishedRun, invoke, refusal, states
from tests.flows.user_model_config import EXAMPLES, HISTOGRAM, histogram_run, user_model_run

UNTIL = "embeddings"
POOLED = """
import torch
from torch.nn.functional import adaptive_avg_pool2d

class Pooled:
    def __init__(self, side=2, bias=1.0):
        self.side, self.bias = side, bias
    def embed(self, images):
        pooled = adaptive_avg_pool2d(images, self.side).flatten(1)
        return torch.cat([pooled, torch.full((len(images), 1), self.bias)], dim=1)

def build(**arguments):
    return Pooled(**arguments)
"""


@pytest.fixture(autouse=True)
def own_search_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that end with a test are not searched by later ones."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def pooled(tmp_path: Path) -> FinishedRun:
    """A run up to the embeddings of a model of a few lines."""
    found = user_model_run(tmp_path / "run", 'factory = "pooled:build"', {"pooled.py": POOLED})
    found.run(until=UNTIL)
    return found


def written_to(run: FinishedRun, name: str, text: str) -> None:
    (run.config.parent / name).write_text(text)


def stale_reasons(run: FinishedRun, *overrides: str) -> str:
    return " ".join(run.status(*overrides)["similarity_model"]["reasons"])


def test_the_checks_are_recorded_and_the_length_is_found(pooled: FinishedRun) -> None:
    checks = {row["measure"]: row for row in pooled.query("select * from model_checks")}
    assert checks["embedding_dim"]["value"] == 13
    assert checks["timed_images"]["seconds"] > 0
    assert checks["batch_difference"]["value"] < checks["batch_difference"]["limit"]
    assert pooled.manifest("embeddings").details["counts"]["forward_passes"] == 230
    assert pooled.query("select count(*) as n from image_embeddings") == [{"n": 230}]


def test_an_edited_factory_is_stale_and_says_which_module(pooled: FinishedRun) -> None:
    written_to(pooled, "pooled.py", POOLED.replace("bias=1.0", "bias=2.0"))
    assert "similarity_model.factory.pooled: your code changed" in stale_reasons(pooled)
    computed = pooled.computed(until=UNTIL)
    # The edited code was run, not the module that this process had imported before.
    assert computed == {"similarity_model": 1, "embeddings": 8}
    assert pooled.query("select value from model_checks where measure = 'embedding_dim'") == [{"value": 13.0}]


def test_comments_and_places_change_nothing(pooled: FinishedRun, tmp_path: Path) -> None:
    written_to(pooled, "pooled.py", '"""What it is."""\n# a comment\n' + POOLED)
    assert pooled.computed(until=UNTIL) == {}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (pooled.config.parent / "pooled.py").rename(elsewhere / "pooled.py")
    assert pooled.computed("similarity_model.factory_path=../elsewhere", until=UNTIL) == {}


@pytest.mark.parametrize(
    "change",
    ["factory_arguments={side=3}", "version=two", "input_size_px=20", "array_type=numpy"],
)
def test_what_names_a_model_makes_it_stale(pooled: FinishedRun, change: str) -> None:
    assert pooled.status(f"similarity_model.{change}")["similarity_model"]["state"] == "stale"


def test_more_images_check_again_and_leave_the_model_as_it_was(pooled: FinishedRun) -> None:
    computed = pooled.computed("dataset.test_items=60", until=UNTIL)
    assert computed["embeddings"] < 8
    assert set(computed) <= {"images", "similarity_model", "embeddings"}


def test_files_are_handed_over_and_count_by_content(tmp_path: Path) -> None:
    source = POOLED.replace("def build(**arguments):", "from pathlib import Path\ndef build(note):").replace(
        "Pooled(**arguments)", "Pooled(bias=float(Path(note).read_text()))"
    )
    keys = 'factory = "pooled:build"\nfactory_files = { note = "note.txt" }'
    run = user_model_run(tmp_path / "run", keys, {"pooled.py": source, "note.txt": "1.5"})
    assert run.computed(until=UNTIL)["embeddings"] == 8
    written_to(run, "note.txt", "4.5")
    assert run.computed(until=UNTIL) == {"similarity_model": 1, "embeddings": 8}
    (run.config.parent / "note.txt").rename(run.config.parent / "moved.txt")
    assert run.computed("similarity_model.factory_files.note=moved.txt", until=UNTIL) == {}
    message = refusal(invoke("run", run.config, "--until", UNTIL), 1)
    assert "similarity_model.factory_files.note" in message


def test_a_program_lives_in_the_store_once_it_is_checked(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", f'program = "net.pt2"\ninput_size_px = {SIDE_PX}')
    message = refusal(invoke("run", run.config, "--until", UNTIL), 1)
    assert "similarity_model.program" in message
    assert not (run.store / "images").exists()
    program = run.config.parent / "net.pt2"
    program.write_bytes(exported())
    costs = run.status(command="plan")["similarity_model"]
    assert run.computed(until="similarity_model")["similarity_model"] == 1
    manifest = run.manifest("similarity_model")
    assert manifest.details["counts"]["forward_passes"] == costs["forward_passes"] == 48
    # What embeds does not look at the file again.
    assert len(list((run.store / "similarity_model").rglob("program-*"))) == 1
    assert run.computed(until=UNTIL) == {"embeddings": 8}


@pytest.mark.parametrize(
    ("keys", "overrides"),
    [
        ('factory = "torchvision_network:build"\ninput_size_px = 33', ()),
        (
            'factory = "torchvision_network:build"\nmean = [0.5, 0.5, 0.5]\nstd = [0.2, 0.2, 0.2]\n'
            'factory_files = { weights = "resnet18.pth" }',
            (),
        ),
    ],
)
def test_the_torchvision_example_embeds_without_a_download(
    tmp_path: Path, keys: str, overrides: tuple[str, ...]
) -> None:
    code = {"torchvision_network.py": (EXAMPLES / "torchvision_network.py").read_text()}
    run = user_model_run(tmp_path / "run", keys, code)
    from torchvision.models import resnet18

    torch.save(resnet18(weights=None).state_dict(), run.config.parent / "resnet18.pth")
    run.run("dataset.train_items=20", "dataset.valid_items=8", "dataset.test_items=8", until=UNTIL)
    assert run.manifest("embeddings").details["counts"]["images"] == 36


def test_a_program_with_a_largest_batch_runs_and_enlarged_images_are_warned_of(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", f'program = "net.pt2"\ninput_size_px = {SIDE_PX}')
    (run.config.parent / "net.pt2").write_bytes(exported((0, 8)))
    result = invoke("run", run.config, "--until", UNTIL)
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stdout.split())
    assert "the program takes at most 8 images at a time" in said
    assert "are enlarged" not in said


def test_images_smaller_than_the_models_input_are_warned_of(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", 'factory = "pooled:build"\ninput_size_px = 96', {"pooled.py": POOLED})
    said = " ".join(invoke("run", run.config, "--until", "similarity_model").stdout.split())
    assert "are enlarged to similarity_model.input_size_px = 96" in said


FAILING = {
    "raises": ("def build():\n    raise ValueError('no licence')\n", "ValueError: no licence"),
    "returns": ("def build():\n    return 3\n", "an object of type int"),
    "needs": ("import not_installed_anywhere\ndef build(): pass\n", "ModuleNotFoundError"),
    "shape": (POOLED.replace(".flatten(1)", "[:, :, 0, 0]").replace("torch.cat([pooled", "torch.stack([pooled"), ""),
    "random": (POOLED.replace("return torch.cat(", "return torch.rand(1) + torch.cat("), "embedded twice"),
    "constant": (POOLED.replace("self.bias)", "1e6)"), "lie within"),
    "nan": (POOLED.replace("self.bias)", "float('nan'))"), "NaN or infinity"),
}


@pytest.mark.parametrize("name", FAILING)
def test_an_unfit_model_stops_the_run_with_one_message_before_anything_is_embedded(tmp_path: Path, name: str) -> None:
    source, found = FAILING[name]
    run = user_model_run(tmp_path / "run", 'factory = "unfit:build"', {"unfit.py": source})
    message = refusal(invoke("run", run.config), 1)
    assert found in message
    assert not (run.store / "embeddings").exists()


def test_the_traceback_of_an_error_in_the_users_code_ends_there(tmp_path: Path) -> None:
    source = POOLED.replace("return torch.cat(", "return self.gone + torch.cat(")
    assert source != POOLED
    run = user_model_run(tmp_path / "run", 'factory = "unfit:build"', {"unfit.py": source})
    result = invoke("run", run.config, "--until", UNTIL, "--debug")
    assert result.exit_code == 1
    last = result.stderr.partition("\nerror\n")[0].rstrip().splitlines()
    assert last[-1].startswith("AttributeError: ")
    assert "return self.gone" in "\n".join(last[-4:])


def test_a_module_of_another_package_by_the_same_name_is_refused(tmp_path: Path) -> None:
    # This program is imported already, and Python keeps to it.
    run = user_model_run(tmp_path / "run", 'factory = "yaml_like:build"', {"yaml_like.py": "import duckdb\n" + POOLED})
    written_to(run, "duckdb.py", "")
    message = refusal(invoke("run", run.config, "--until", UNTIL), 1)
    assert "the module duckdb from" in message or "ModuleNotFoundError" in message


def test_a_typing_error_is_told_before_any_image_is_read(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", 'factory = "pooled:bild"', {"pooled.py": POOLED})
    message = refusal(invoke("run", run.config), 1)
    assert "a function bild in pooled.py" in message
    assert not (run.store / "images").exists()


def test_status_and_a_run_without_work_neither_load_torch_nor_run_the_users_code(pooled: FinishedRun) -> None:
    for command in ("status", "run"):
        words = [command, str(pooled.config), *(["--until", UNTIL] if command == "run" else ["--format", "json"])]
        _, modules, _ = run_commands(words)
        assert not {"torch", "pooled"} & set(modules)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("", "either similarity_model.factory or similarity_model.program"),
        ('factory = "a:b"\nprogram = "c.pt2"', "either similarity_model.factory or similarity_model.program"),
        ('factory = "a.b"', "module:function, such as my_model:build"),
        ('factory = "my-model:build"', "module:function, such as my_model:build"),
        ('factory = "a:b"\nepochs = 3', "no similarity_model.epochs where similarity_model.kind is 'user'"),
        ('program = "c.pt2"\narray_type = "numpy"', "without array_type"),
        ('factory = "a:b"\nmean = [0.5, 0.5, 0.5]', "together"),
        ('factory = "a:b"\nmean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0]', "above 0"),
        ('factory = "a:b"\nfactory_arguments = { x = 1 }\nfactory_files = { x = "y" }', "distinct"),
        ('factory = "a:b"\nfactory_arguments = { "not a name" = 1 }', "Python names"),
        ('factory = "a:b"\nfactory_arguments = { x = inf }', "finite numbers"),
        ('factory = "a:b"\nfactory_arguments = { x = { y = [1, nan] } }', "(at y[1])"),
        ('factory = "a:b"\nfactory_arguments = { x = 2024-05-01 }', "in quotes"),
        ('factory = "a:b"\nfactory_arguments = { x = [{ y = 07:32:00 }] }', "(at [0].y)"),
        ('factory = "a:b"\nmean = [0.5, 0.5, nan]\nstd = [1, 1, 1]', "finite number"),
        ('factory = "a:b"\nmean = [0.5, 0.5, 0.5]\nstd = [1, 1, inf]', "finite number"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(tmp_path: Path, keys: str, expected: str) -> None:
    with pytest.raises(BadSetting) as refused:
        user_model_run(tmp_path, keys).settings()
    assert expected in refused.value.expected


def test_a_refused_argument_is_named_as_it_was_written(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        user_model_run(tmp_path, 'factory = "a:b"\nfactory_arguments = { when = 2024-05-01 }').settings()
    assert refused.value.found.startswith("similarity_model.factory_arguments.when = ")
    assert "correct similarity_model.factory_arguments.when;" in refused.value.remedy


def test_nested_arguments_reach_the_factory_and_name_the_model(tmp_path: Path) -> None:
    source = POOLED.replace(
        "def build(**arguments):", "def build(head):\n    arguments = head.pop('of')[1]\n    head['x'] = object()"
    )
    keys = 'factory = "pooled:build"\nfactory_arguments = { head = { of = [[], { side = 3 }] } }'
    run = user_model_run(tmp_path / "run", keys, {"pooled.py": source})
    run.run(until=UNTIL)
    assert run.query("select value from model_checks where measure = 'embedding_dim'") == [{"value": 28.0}]
    assert run.computed(until=UNTIL) == {}
    changed = "similarity_model.factory_arguments.head={of=[[], {side=2}]}"
    assert "similarity_model.factory_arguments.head" in stale_reasons(run, changed)


def test_a_version_may_be_a_number(tmp_path: Path) -> None:
    assert user_model_run(tmp_path, f"{HISTOGRAM}\nversion = 2").settings().similarity_model.version == "2"


def test_the_keys_of_a_users_model_mean_nothing_to_another_kind(tmp_path: Path) -> None:
    run = user_model_run(tmp_path, HISTOGRAM)
    with pytest.raises(BadSetting) as refused:
        run.settings("similarity_model.kind=resnet18")
    assert "no similarity_model.array_type where similarity_model.kind is 'resnet18'" in refused.value.expected


@pytest.mark.slow
def test_seconds_are_measured_with_the_users_own_model(tmp_path: Path) -> None:
    run = user_model_run(tmp_path / "run", 'factory = "pooled:build"', {"pooled.py": POOLED})
    small = ("--set", "compute.batch_size=8", "--format", "json")
    result = invoke("plan", run.config, *small)
    assert result.exit_code == 0, result.stderr
    rows = {row["stage"]: row for row in json.loads(result.stdout)}
    assert rows["embeddings"]["seconds"] > 0
    assert rows["embeddings"]["bytes"] is None
    (kept,) = (run.store / "calibration").iterdir()
    seconds = json.loads(kept.read_text())["seconds"]
    assert seconds["forward_image"] > 0
    # Not a network, so that nothing goes backward through it.
    assert seconds["gradient_image"] == 0
    # Busy, not asleep: one thread is timed by its CPU time.
    busy = "import time; until = time.process_time() + 0.12\n        while time.process_time() < until: pass\n        "
    slow = POOLED.replace("pooled = adaptive", f"{busy}pooled = adaptive")
    written_to(run, "pooled.py", slow)
    assert invoke("plan", run.config, *small).exit_code == 0
    (other,) = set((run.store / "calibration").iterdir()) - {kept}
    slow_seconds = json.loads(other.read_text())["seconds"]
    # Timed on so few images as take half a second at most, not on a whole batch.
    assert slow_seconds["forward_image"] > 0.12 / 6


def test_a_small_network_as_a_module_embeds_as_its_program_does(tmp_path: Path) -> None:
    code = {"network.py": "from tests.exported_program import small_network\ndef build(): return small_network()\n"}
    module = user_model_run(tmp_path / "module", f'factory = "network:build"\ninput_size_px = {SIDE_PX}', code)
    program = user_model_run(tmp_path / "program", f'program = "net.pt2"\ninput_size_px = {SIDE_PX}')
    (program.config.parent / "net.pt2").write_bytes(exported())
    assert small_network() is not None
    values = []
    for run in (module, program):
        run.run(until=UNTIL)
        values.append(run.query("select value from model_checks where measure = 'largest_distance'")[0]["value"])
    assert values[0] == pytest.approx(values[1], abs=1e-5)


@pytest.mark.slow
def test_the_whole_pipeline_explains_a_colour_histogram(tmp_path: Path) -> None:
    run = histogram_run(tmp_path / "run")
    planned = run.status(command="plan")
    run.run()
    assert states(run.status(), "current") == set(run.status())
    done = {
        row["stage"]: row["passes"]
        for row in run.query("select stage, sum(forward_passes) as passes from runtime group by stage")
    }
    exact = [name for name, row in planned.items() if not row["is_upper_bound"]]
    assert {name: planned[name]["forward_passes"] for name in exact} == {name: done[name] for name in exact}
    named = run.query("select distinct similarity_model from metrics where similarity_model is not null")
    assert named == [{"similarity_model": "user colour_histogram:build"}]
    # The truth is known: what has another colour changes a histogram most.
    effects = run.query(
        "select split_part(attribute, ':', 1) as kind, avg(abs(effect)) as effect from true_effects "
        "where present group by kind"
    )
    by_kind = {row["kind"]: row["effect"] for row in effects}
    assert by_kind["body_colour"] > 2 * by_kind["part"]
    regret = run.query(
        "select variant, value from metrics where metric = 'normalised_regret' "
        "and variant in ('embedding_effect', 'random_present')"
    )
    values = {row["variant"]: row["value"] for row in regret}
    assert values["embedding_effect"] < 0.3 < values["random_present"]
    assert run.computed() == {}
