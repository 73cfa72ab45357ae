"""The documents stay true: links resolve, and every stage, table and column is described."""

import itertools
import re
from pathlib import Path

import pytest

from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.explanation.variants import VARIANTS
from pipeline.saliency.catalogue import GENERATORS

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FORMATS = ROOT / "docs" / "data-formats.md"
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
# Folders of one machine; a reader has others.
MACHINE_PATH = re.compile(r"(?<![\w.<>*/-])/(?:work|root|tmp|home|mnt|Users|var|opt)(?:/|\b)|\b[A-Z]:\\")

SOURCES = [
    file for top in ("pipeline", "stores", "flows", "benchmarks", "examples") for file in (ROOT / top).rglob("*.py")
]
# A path in the repository, but for one with a <placeholder> or a *; and a module by its dotted name.
TOP_FOLDERS = "pipeline|stores|flows|tests|benchmarks|examples|configs|docs"
FILE_PATH = re.compile(rf"(?<![\w./<-])(?:{TOP_FOLDERS})(?:/[\w.-]+)+(?![\w<*{{-]|/[<*{{])")
MODULE = re.compile(r"(?<![\w./])(?:pipeline|stores|flows|benchmarks)(?:\.[A-Za-z_]\w*)+(?![\w<*-])")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names GitHub gives to a page's headings; the second of equal ones gets -1, and so on."""
    seen: dict[str, int] = {}
    names = set()
    for heading in re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), flags=re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names.add(f"{name}-{seen[name]}" if name in seen else name)
        seen[name] = seen.get(name, 0) + 1
    return names


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)
    return broken


def missing_paths(text: str) -> list[str]:
    """The files, folders and modules of this repository that a text names although there are none."""
    files = [path for path in FILE_PATH.findall(text) if not (ROOT / path.rstrip(".")).exists()]
    return files + [name for name in MODULE.findall(text) if not is_module_or_name_in_one(name)]


def is_module_or_name_in_one(dotted: str) -> bool:
    names = dotted.split(".")
    for length in range(len(names), 0, -1):
        place = ROOT.joinpath(*names[:length])
        source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if place.is_dir() or source.is_file():
            rest = [name for name in names[length : length + 1] if not name.startswith("__")]
            # A name is one that the module's source mentions, such as a function.
            known = source.read_text(encoding="utf-8") if source.is_file() else ""
            return all(re.search(rf"\b{re.escape(name)}\b", known) for name in rest) if length > 1 else not rest
    return False


def stage_patterns(text: str) -> list[re.Pattern[str]]:
    """The stage names that headings such as "### `pairs.{train,valid,test}`" stand for."""
    patterns = []
    section = text.partition("\n## Stage instances")[2].partition("\n## ")[0]
    for heading in re.findall(r"^### `([^`]+)`$", section, flags=re.MULTILINE):
        pieces = re.split(r"(\{[^}]*\}|<generator>|<mode>)", heading)
        choices = [piece[1:-1].split(",") if piece.startswith("{") else [piece] for piece in pieces]
        for chosen in itertools.product(*choices):
            escaped = [r"[a-z_]+" if piece in ("<generator>", "<mode>") else re.escape(piece) for piece in chosen]
            patterns.append(re.compile("".join(escaped)))
    return patterns


DATASETS = (
    {"kind": "planted"},
    {"kind": "awa2", "root": "data"},
    {"kind": "polyvore_outfits", "root": "data"},
    {"kind": "market1501", "root": "data"},
    {"kind": "cub200", "root": "data"},
    {"kind": "folder", "root": "data", "table": "items.csv"},
    {"kind": "folder", "root": "data", "table": "items.csv", "attributes": "discovered"},
)
ALL_GENERATORS = {"generators": list(GENERATORS)}


def all_stage_names() -> list[str]:
    everything = {
        "saliency": {**ALL_GENERATORS, "correspondence": {"enabled": True}},
        "explanation": {"variants": list(VARIANTS)},
    }
    everything["evaluation"] = {"map_protocols": True}
    everything["discovery"] = {"enabled": True}
    settings = [Settings.model_validate({"dataset": dataset, **everything}) for dataset in DATASETS]
    return sorted({stage.name for one in settings for stage in build_stages(one)})


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_between_documents_resolve(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_no_document_names_a_folder_of_one_machine(page: Path) -> None:
    assert MACHINE_PATH.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_path_and_module_that_a_document_names_exists(page: Path) -> None:
    assert missing_paths(page.read_text(encoding="utf-8")) == []


def test_every_path_and_module_that_the_sources_name_exists() -> None:
    missing = {str(file.relative_to(ROOT)): missing_paths(file.read_text(encoding="utf-8")) for file in SOURCES}
    assert {file: found for file, found in missing.items() if found} == {}


def test_every_stage_is_described_and_no_other() -> None:
    patterns = stage_patterns(FORMATS.read_text(encoding="utf-8"))
    names = all_stage_names()
    assert [name for name in names if not any(pattern.fullmatch(name) for pattern in patterns)] == []
    idle = [pattern.pattern for pattern in patterns if not any(map(pattern.fullmatch, names))]
    assert idle == []


def test_every_decision_has_its_four_headings_and_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    for number, page in enumerate(pages, start=1):
        text = page.read_text(encoding="utf-8")
        assert page.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number:04d} ")
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == ["Context", "Choice", "Rejected", "Consequence"]


def test_the_checks_can_fail(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](missing.md) [b](page.md#two) [c](#one) [d](https://example.org)\n")
    assert broken_links(page) == ["missing.md", "page.md#two"]
    assert MACHINE_PATH.search("see /home/someone/data") is not None
    assert MACHINE_PATH.search("docs/work/page and tests/tmp_path") is None
    named = "`flows/engine/plan.py`, `flows/plan.py`. flows.engine.plan, flows.plan, flows.engine.plan.plan_with, "
    assert missing_paths(named + "flows.engine.plan.plan_within") == [
        "flows/plan.py",
        "flows.plan",
        "flows.engine.plan.plan_within",
    ]
    assert missing_paths("flows/stages/<topic>.py, flows/jobs/, pipeline/datasets, docs/decisions.") == []
    (pattern,) = stage_patterns("\n## Stage instances\n### `maps.test.<generator>`\n\n## Next\n### `not_a_stage`\n")
    assert pattern.fullmatch("maps.test.rise")
    assert not pattern.fullmatch("maps.valid.rise")
