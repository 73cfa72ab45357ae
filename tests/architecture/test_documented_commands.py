"""Every command, option, key and make target that a document shows exists."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from flows.cli import app
from flows.settings.page import render_configuration_page

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

KEYS = frozenset(re.findall(r"^\| `([a-z0-9_.]+)` \|", render_configuration_page(), flags=re.MULTILINE))
SECTIONS = frozenset(key.rpartition(".")[0] for key in KEYS) - {""}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
# `section.key`, alone or with a value; a placeholder in capitals, such as GENERATOR, stands for any name.
KEY_IN_PROSE = re.compile(r"([a-z_]+(?:\.[A-Za-z0-9_]+)+)(?: ?= ?.*)?")
OVERRIDE = re.compile(r"(?!section\.key=)([a-z_]+(?:\.[a-z0-9_]+)+)=")
# Not keys, although they begin like one: stages, a column of the table `pairs`, and files.
NO_KEY = re.compile(r"pairs\.(?:train|valid|test|negatives)|attribute_model\.sane|\w+\.(?:html|json|npz|png)")


def shell_lines(text: str) -> list[str]:
    """The lines of all code in a document that a shell could read: continued lines joined, comments cut."""
    blocks = [block for language, block in FENCE.findall(text) if language in ("", "sh", "bash")]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines() + SPAN.findall(FENCE.sub("", text))
    return [re.sub(r"(?:^|\s)#\s.*", "", line).replace("\\|", "|") for line in lines]


def words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # an apostrophe in words that are no command
        return line.split()


def sane_commands(line: str) -> list[list[str]]:
    """The arguments of each call of `sane` in a line, up to the next pipe."""
    found = []
    rest = words(line)
    while (start := next((n for n, word in enumerate(rest) if word.rpartition("/")[2] == "sane"), None)) is not None:
        rest = rest[start + 1 :]
        end = next((n for n, word in enumerate(rest) if word in ("|", "&&", ">", "&")), len(rest))
        found.append(rest[:end])
    return [arguments for arguments in found if arguments]


def wrong_in_command(arguments: list[str]) -> list[str]:
    """What of a call of `sane` does not exist: the command, or options of it."""
    command = typer.main.get_command(app)
    rest = list(arguments)
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name not in command.commands:
            # "sane plan|status" and "sane STAGE" are no commands that one types.
            return [] if not re.fullmatch(r"[a-z-]+", name) else [f"sane {name}"]
        command = command.commands[name]
    known = {"--help", *(option for one in command.params for option in (*one.opts, *one.secondary_opts))}
    given = [word.partition("=")[0] for word in rest if re.match(r"--[a-z]", word)]
    return [f"sane {command.name} {option}" for option in given if option not in known]


def wrong_commands(text: str) -> list[str]:
    return [
        wrong
        for line in shell_lines(text)
        for arguments in sane_commands(line)
        for wrong in wrong_in_command(arguments)
    ]


def wrong_options_in_tables(text: str) -> list[str]:
    """Options that a table's row names beside the command in its first cell, and that this command lacks."""
    wrong = []
    for row in re.findall(r"^\| `sane [^\n]*", text, flags=re.MULTILINE):
        first, *others = SPAN.findall(row.replace("\\|", "/"))
        for option in (span for span in others if span.startswith("--")):
            wrong += [found for found in wrong_in_command([*words(first)[1:], option.split()[0]])]
    return wrong


def is_known(key: str) -> bool:
    """Whether a key is in the configuration, capitals in it standing for any name: saliency.GENERATOR.pairs."""
    pattern = re.compile(r"[a-z0-9_]+".join(map(re.escape, re.split(r"[A-Z]+", key))))
    return any(pattern.fullmatch(one) for one in KEYS | SECTIONS)


def wrong_overrides(text: str) -> list[str]:
    found = [match[1] for line in shell_lines(text) for word in words(line) if (match := OVERRIDE.match(word))]
    return [key for key in found if not is_known(key)]


def wrong_keys_in_prose(text: str) -> list[str]:
    """Keys in backquotes that begin with a section's name and are none."""
    found = [match[1] for span in SPAN.findall(FENCE.sub("", text)) if (match := KEY_IN_PROSE.fullmatch(span))]
    roots = {section.partition(".")[0] for section in SECTIONS}
    keys = [key for key in found if key.partition(".")[0] in roots and not NO_KEY.fullmatch(key)]
    return [key for key in keys if not is_known(key)]


def flat_keys(table: dict[str, Any], prefix: str = "") -> list[str]:
    keys = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        keys += flat_keys(value, f"{key}.") if isinstance(value, dict) and key not in KEYS else [key]
    return keys


def wrong_keys_in_toml(text: str) -> list[str]:
    blocks = [
        block for language, block in FENCE.findall(re.sub(r"^ +", "", text, flags=re.MULTILINE)) if language == "toml"
    ]
    return [key for block in blocks for key in flat_keys(tomllib.loads(block)) if key not in KEYS]


def sources_of_script(file: Path) -> str:
    """The text of a script and of the modules of `benchmarks` that it imports, in turn."""
    files, pending = set(), [file]
    while pending:
        files.add(one := pending.pop())
        imported = re.findall(r"^from (benchmarks[\w.]*) import", one.read_text(encoding="utf-8"), flags=re.MULTILINE)
        places = [ROOT / f"{name.replace('.', '/')}.py" for name in imported]
        pending += [place for place in places if place.is_file() and place not in files]
    return "\n".join(one.read_text(encoding="utf-8") for one in sorted(files))


def wrong_in_scripts(text: str) -> list[str]:
    """Scripts that a document calls and that do not exist, and options that these do not name."""
    wrong = []
    for line in shell_lines(text):
        for match in re.finditer(r"python (?:-m )?((?:benchmarks|examples)[./][\w./]+)([^`|]*)", line):
            file = ROOT / f"{match[1].removesuffix('.py').replace('.', '/')}.py"
            if not file.is_file():
                wrong.append(match[1])
                continue
            options = [word.partition("=")[0] for word in words(match[2]) if re.match(r"--[a-z]", word)]
            wrong += [f"{match[1]} {one}" for one in options if f'"{one}"' not in sources_of_script(file)]
    return wrong


def wrong_targets(text: str) -> list[str]:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = [match[1] for line in shell_lines(text) if (match := re.match(r"make ([a-z-]+)", line))]
    return [f"make {name}" for name in named if name not in targets]


CHECKS = (
    wrong_commands,
    wrong_options_in_tables,
    wrong_overrides,
    wrong_keys_in_prose,
    wrong_keys_in_toml,
    wrong_in_scripts,
    wrong_targets,
)


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_command_and_key_that_a_document_shows_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [wrong for check in CHECKS for wrong in check(text)] == []


def test_the_checks_can_fail() -> None:
    text = """
| command | |
| --- | --- |
| `sane plan CONFIG` | `--until STAGE`, `--unti STAGE` |

`sane runn CONFIG`, `sane study mak CONFIG`, `sane status --failed`; `explanation.answr`, `saliency.GENERATOR.pears`,
`saliency.rise.mask = 3`, `pairs.test`, `make demos`, `python -m benchmarks.ablation CONFIG --row all`.

```
sane run CONFIG --set saliency.rise.mask=3 \\
  --untill metrics | head --lines 3      # sane nothing --here
make demo
python benchmarks/ablations.py
```

```toml
[saliency.rise]
masks = 3
mask = 3
```
"""
    assert wrong_commands(text) == ["sane run --untill", "sane runn", "sane mak"]
    assert wrong_options_in_tables(text) == ["sane plan --unti"]
    assert wrong_overrides(text) == ["saliency.rise.mask"]
    assert wrong_keys_in_prose(text) == ["explanation.answr", "saliency.GENERATOR.pears", "saliency.rise.mask"]
    assert wrong_keys_in_toml(text) == ["saliency.rise.mask"]
    assert wrong_in_scripts(text) == ["benchmarks/ablations.py", "benchmarks.ablation --row"]
    assert wrong_targets(text) == ["make demos"]
