"""The pairs of the figure of explanations: maps, attributes, and whether measurements bear them out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.figures.answered import answered_pairs, replaced
from flows.figures.run_reader import Row, RunReader
from flows.readers.saliency_maps import maps_stage, read_attribute_maps, read_maps
from pipeline.figures.explanations import CASES_OF_A_KIND, ExplainedPair, ExplanationFacts, explanations_figure
from pipeline.figures.paper_figure import PaperFigure
from pipeline.saliency.declaration import FIXED

# Models whose scores are sums over cells, in the order in which their maps are preferred.
_WITH_MAPS: Final = ("sane", "classifier", "fashion_search_net")
_OF_THE_MODEL: Final = "where in the query the attribute shows to the similarity model"
_MEASURE: Final = (
    "the mean change when images without it take the query's place, less that when images as far from the query that "
    "keep it do"
)
AttributeMaps = Mapping[tuple[str, str], np.ndarray]


@dataclass(frozen=True)
class _Evidence:
    """What is known of the chosen pairs, each by pair id, but for maps of attributes by query and attribute."""

    answers: Mapping[str, Row]
    measured: Mapping[str, float]
    maps: Mapping[str, np.ndarray]
    attribute_maps: AttributeMaps
    classifier: Mapping[str, str]

    def of(self, run: RunReader, pair: Row) -> ExplainedPair:
        """Return one of them as it is shown."""
        pair_id, answer = pair["pair_id"], self.answers[pair["pair_id"]]
        return ExplainedPair(
            run.shown(pair),
            self.maps[pair_id],
            answer["attribute"],
            self.attribute_maps.get((pair["query"], answer["attribute"])),
            # Answers hold the expected drop.
            None if answer["effect"] is None else -answer["effect"],
            self.measured[pair_id],
            self.classifier.get(pair_id),
        )


def read_explanations(run: RunReader) -> PaperFigure:
    """Return the figure.

    Raises:
        MissingArtifact: a result is not there, or there is no pair to show.
    """
    generator = run.settings.saliency.supervision
    run.need(maps_stage(generator, FIXED))
    answers = answered_pairs(run)
    measured = {pair_id: row["effect"] for pair_id, row in replaced(run, "matched", answers).items()}
    candidates = [pair for pair in run.pairs if pair["pair_id"] in measured]
    if not candidates:
        raise run.not_of_this_run(
            "a test pair whose answer was measured",
            "none: no test image lacks, or keeps, the attributes that answer",
            "more test images, or attributes that not all of them share",
        )
    falling = [pair for pair in candidates if measured[pair["pair_id"]] < 0]
    rest = [pair for pair in candidates if measured[pair["pair_id"]] >= 0]
    chosen = run.drawn_apart((falling, rest), CASES_OF_A_KIND)
    pairs = [pair for kind in chosen for pair in kind]
    pair_ids = [pair["pair_id"] for pair in pairs]
    attribute_maps, words = _attribute_maps(run, {(pair["query"], _attribute(answers, pair)) for pair in pairs})
    maps = read_maps(run.upstream, generator, FIXED, pair_ids)
    evidence = _Evidence(answers, measured, maps, attribute_maps, _classifier_firsts(run, pair_ids))
    borne_out, others = ([evidence.of(run, pair) for pair in kind] for kind in chosen)
    variant, unmeasured = answers[pair_ids[0]]["variant"], len(answers) - len(measured)
    counts = (len(falling), len(rest))
    facts = ExplanationFacts(counts, unmeasured, generator, _MEASURE, words, variant, run.seed)
    return explanations_figure(borne_out, others, facts)


def _attribute(answers: Mapping[str, Row], pair: Row) -> str:
    return str(answers[pair["pair_id"]]["attribute"])


def _attribute_maps(run: RunReader, named: Collection[tuple[str, str]]) -> tuple[AttributeMaps, str]:
    """Return maps of attributes by query and attribute, and what they are in words; of one kind for all."""
    found = read_attribute_maps(run.upstream, named)
    if len(found) == len(named):
        return {(query, str(attribute)): map_hw for (query, attribute), map_hw in found.items()}, _OF_THE_MODEL
    for model in _WITH_MAPS:
        if run.is_current(f"attribute_scores.{model}"):
            return _activations(run, f"attribute_scores.{model}", named), f"the attribute's activation map of {model}"
    return {}, ""


def _activations(run: RunReader, stage: str, named: Collection[tuple[str, str]]) -> AttributeMaps:
    places = {
        name: place
        for place, name in enumerate(run.upstream.table("vocabulary", "vocabulary")["attribute"].to_pylist())
    }
    found: dict[tuple[str, str], np.ndarray] = {}
    for commit in run.upstream.commits(stage, "test"):
        rows = run.upstream.store.read_part_table(commit, "rows").to_pylist()
        wanted = {
            (row["image_id"], name): row["row"] for row in rows for query, name in named if query == row["image_id"]
        }
        if wanted:
            activations_nayx = run.upstream.store.read_part_arrays(commit, "scores", ["activations"])["activations"]
            found |= {key: activations_nayx[row, places[key[1]]] for key, row in wanted.items()}
    return found


def _classifier_firsts(run: RunReader, pair_ids: Collection[str]) -> dict[str, str]:
    """Return what the classifier puts first by pair; nothing where it was not run."""
    if not run.is_current("explanations"):
        return {}
    table = run.upstream.table("explanations", "explanations")
    is_first = pc.and_(pc.equal(table["variant"], "classifier"), pc.equal(table["rank"], 1))
    is_chosen = pc.is_in(table["pair_id"], value_set=pa.array(sorted(pair_ids), pa.string()))
    rows = table.filter(pc.and_(is_first, is_chosen)).to_pylist()
    return {row["pair_id"]: row["attribute"] for row in rows}
