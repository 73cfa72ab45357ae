"""Text of users is shown as it is: Rich's markup and emoji in it are letters like others."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.errors import MarkupError

from flows.commands.console import error_console, plain_console, rate_bar
from flows.commands.plan import print_costs
from flows.commands.progress import console_reporter
from flows.commands.status import _print_table
from flows.commands.summary import pivot
from flows.costs.estimate import StageCost
from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.plan import StagePlan
from flows.engine.stage import Stage
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke

NASTY = "a [/b] and [red]b[/] :bug: [link=x]"
STAGE = Stage(f"maps.{NASTY}", "no.job", {}, (), (), lambda upstream, stage: [])
PLAN = StagePlan(STAGE, "stale", (f"settings.version: '{NASTY}' -> 2",))


def test_the_text_would_stop_or_change_what_takes_it_for_markup() -> None:
    with pytest.raises(MarkupError):
        Console(quiet=True).print(NASTY)


def _table_of_states() -> None:
    _print_table([PLAN], NASTY, verbose=False)


def _table_of_costs() -> None:
    cost = StageCost(PLAN, 1, 0, 0, None, None, None, 0.0, False)
    print_costs([cost], 3, NASTY, 1)


def _table_of_figures() -> None:
    row = {"variant": NASTY, "metric": "[/x]", "value": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    pivot(plain_console(), NASTY, [row], "variant")


def _line_of_progress() -> None:
    console_reporter(plain_console()).stage_planned(PLAN)


@pytest.mark.parametrize("show", [_table_of_states, _table_of_costs, _table_of_figures, _line_of_progress])
def test_names_and_reasons_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, show: Callable[[], None]
) -> None:
    monkeypatch.setattr("flows.commands.console.PIPE_WIDTH", 400)
    show()
    assert NASTY in capsys.readouterr().out


def test_the_bar_and_the_error_stream_show_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console = error_console()
    with rate_bar(console) as progress:
        progress.add_task(NASTY, total=2, rate=NASTY)
        console.print(progress.get_renderable())
    assert "a [/b]" in capsys.readouterr().err


def test_a_store_whose_path_holds_markup_is_worked_with(tmp_path: Path) -> None:
    folder = tmp_path / "x[" / "b]y :bug:"
    folder.mkdir(parents=True)
    config = write_config(folder, train_items="8", valid_items="4", test_items="4")
    result = invoke("run", config, "--until", "images", "--name", "[/b]")
    assert result.exit_code == 0, result.stderr
    assert (
        invoke("status", config).exit_code == invoke("gc", config).exit_code == invoke("verify", config).exit_code == 0
    )


def test_the_path_of_the_report_may_hold_markup(finished_run: FinishedRun, tmp_path: Path) -> None:
    copy = finished_run.copy_to(tmp_path / "x[" / "b]y :bug:")
    result = invoke("run", copy.config)
    assert result.exit_code == 0, result.stderr
    assert f"{tmp_path}/x[/b]y :bug:/store/report" in result.stdout


def test_no_other_module_makes_a_console() -> None:
    made = [path for path in (SOURCE_ROOT / "flows").rglob("*.py") if re.search(r"Console\(", path.read_text())]
    assert [path.name for path in made] == ["console.py"]
