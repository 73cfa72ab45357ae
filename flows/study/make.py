"""`sane study make`: from finished runs to a folder with pages to publish and the key to their answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flows.study.options import StudyOptions
from flows.study.picture_files import PictureFiles
from flows.study.run_items import StudiedRun, matched_pairs, open_run, vocabulary
from flows.study.written import DESIGN, PAGES, write_new_folder
from pipeline.errors import BadSetting
from pipeline.study.conditions import RANDOM
from pipeline.study.design import PREFERENCE, StudiedDataset, design_values
from pipeline.study.items import Item, chosen_items, triplets, with_random
from pipeline.study.pages import study_files
from pipeline.study.questionnaire import AskedDataset, Questionnaire, StudyPlan, layouts_of, make_questionnaire
from pipeline.study.shown_questions import Prediction, Preference

README: Final = "README.txt"
_README: Final = """The questionnaires of a user study, made by `sane study make`.

pages/       for subjects: open pages/index.html from disk, put the folder on any web server, or start
             `sane study collect` on the folder above it. Nothing in it says which answers count.
design.json  the key to the answers, for `sane study analyse`. Do not publish it, and keep it: answers mean
             nothing without it.

A link with #form=3 gives the third form; without it each subject gets one at random, from the collector in turn.
"""


@dataclass(frozen=True)
class MadeStudy:
    """What was made.

    Attributes:
        folder: with all files.
        lines: what there is to know, in words.
    """

    folder: Path
    lines: tuple[str, ...]


def make_study(configs: Sequence[Path], overrides: Sequence[str], options: StudyOptions, folder: Path) -> MadeStudy:
    """Write the questionnaires of finished runs into a new folder.

    Args:
        configs: a configuration for each dataset.
        overrides: key=value over all of them.
        options: what is asked.
        folder: new or empty.

    Raises:
        BadSetting: an option is refused, a run has too little to ask about, or the folder cannot be written.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    runs = [open_run(config, overrides) for config in configs]
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        raise BadSetting(
            expected="configurations with different file names, which name their datasets",
            found=", ".join(names),
            where="CONFIG",
            remedy="name each dataset once, or rename a file",
        )
    pictures = [PictureFiles(run, options.generator, options.mode) for run in runs]
    seed = runs[0].seed if options.seed is None else options.seed
    made = [_questionnaire(protocol, runs, pictures, options, seed) for protocol in options.protocols]
    files = {
        f"{PAGES}/{name}": data
        for name, data in study_files([one.published for one in made], options.consent_text()).items()
    }
    files |= {f"{PAGES}/{name}": data for found in pictures for name, data in found.files.items()}
    design = design_values(tuple(one.design for one in made))
    files[DESIGN] = (json.dumps(design, indent=1) + "\n").encode()
    files[README] = _README.encode()
    write_new_folder(folder, files)
    return MadeStudy(folder, tuple(_lines(made, pictures, folder)))


def _questionnaire(
    protocol: str, runs: Sequence[StudiedRun], pictures: Sequence[PictureFiles], options: StudyOptions, seed: int
) -> Questionnaire:
    conditions = options.conditions_of(protocol)
    made = {**options.record(), "configurations": [run.name for run in runs]}
    plan = StudyPlan(
        seed, options.groups, conditions, options.questions_of(protocol), options.subjects, options.checks, made
    )
    count = options.items_of(protocol)
    # Refuse numbers before anything is read.
    layouts_of(plan, [(run.name, count) for run in runs])
    if protocol == PREFERENCE:
        asked = [_asked_pairs(run, files, plan, count) for run, files in zip(runs, pictures, strict=True)]
        return make_questionnaire(plan, Preference(), asked)
    tripled = [
        _asked_triplets(run, files, plan, count, options.least_gap) for run, files in zip(runs, pictures, strict=True)
    ]
    return make_questionnaire(plan, Prediction(), tripled)


def _asked_pairs(run: StudiedRun, pictures: PictureFiles, plan: StudyPlan, count: int) -> AskedDataset[Any]:
    source = str(plan.conditions[0].source)
    pairs, left_out = matched_pairs(run, [source])
    candidates = list(with_random(pairs, vocabulary(run), source, plan.seed))
    return _asked(run, candidates, _Pool(pictures, plan, count, "pairs", left_out))


def _asked_triplets(
    run: StudiedRun, pictures: PictureFiles, plan: StudyPlan, count: int, least_gap: float
) -> AskedDataset[Any]:
    sources = sorted({condition.source for condition in plan.conditions if condition.source is not None})
    pairs, left_out = matched_pairs(run, sources)
    told = list(with_random(pairs, vocabulary(run), RANDOM, plan.seed))
    return _asked(run, triplets(told, least_gap), _Pool(pictures, plan, count, "triplets", left_out))


@dataclass(frozen=True)
class _Pool:
    """What is drawn from the candidates of a run."""

    pictures: PictureFiles
    plan: StudyPlan
    count: int
    what: str
    left_out: int


def _asked(run: StudiedRun, candidates: Sequence[Item], pool: _Pool) -> AskedDataset[Item]:
    plan, blocks = pool.plan, (pool.count // pool.plan.questions, pool.plan.questions)
    chosen = chosen_items(candidates, blocks, plan.checks, plan.seed, f"{pool.what} of {run.name}")
    facts = StudiedDataset(run.name, run.kind, pool.count, pool.left_out)
    items = [item for block in chosen.blocks for item in block]
    return AskedDataset(facts, items, chosen.checks, pool.pictures)


def _lines(made: Sequence[Questionnaire], pictures: Sequence[PictureFiles], folder: Path) -> list[str]:
    lines = []
    for one in made:
        design = one.design
        items = ", ".join(f"{dataset.name} {dataset.items}" for dataset in design.datasets)
        lines.append(
            f"{design.protocol}: {len(design.forms)} forms of {len(design.forms[0])} questions, checks included; "
            f"items: {items}; conditions: {', '.join(design.conditions)}"
        )
        lines += [
            f"  {dataset.name}: {dataset.left_out} test pairs left out, for which a source names no attribute"
            for dataset in design.datasets
            if dataset.left_out
        ]
    if flat := sum(found.flat_maps for found in pictures):
        lines.append(f"  {flat} maps are flat and shown as the image in grey")
    lines.append(f"publish {folder / PAGES}, not {folder / DESIGN}, which is the key to the answers")
    return lines
