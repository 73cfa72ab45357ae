"""Studies of the small run that tests share, which has few pairs: one with checks, one with two conditions."""

import json
from pathlib import Path
from typing import Any

from pipeline.study.design import PREDICTION, PREFERENCE
from tests.flows.run_cases import invoke

OPTIONS = {
    PREFERENCE: ("--explained-by", "classifier", "--questions", "4", "--pairs", "4", "--checks", "1"),
    PREDICTION: (
        *("--condition", "nothing", "--condition", "map+classifier"),
        *("--repeats", "2", "--checks", "0", "--least-gap", "0"),
    ),
}


def make_study(config: Path, out: Path, protocol: str, *more: object) -> Path:
    """Make one and return its folder."""
    words = ("--protocol", protocol, "--subjects", "8", *OPTIONS[protocol], *more)
    result = invoke("study", "make", config, "--out", out, *words)
    assert result.exit_code == 0, result.output
    return out


def design_of(folder: Path) -> dict[str, Any]:
    """The key."""
    (found,) = json.loads((folder / "design.json").read_text())["studies"]
    design: dict[str, Any] = found
    return design


def published(folder: Path) -> dict[str, Any]:
    """What the page is told."""
    text = (folder / "pages" / "data" / f"{design_of(folder)['protocol']}.js").read_text()
    told: dict[str, Any] = json.loads(text.removeprefix("window.SANE_STUDY=").rstrip(";\n"))
    return told
