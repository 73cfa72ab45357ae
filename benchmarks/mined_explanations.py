"""Does similarity mining make explanations better? Maps of models trained with and without it, against known causes.

    sane run configs/planted_cameras.toml ... --set similarity_model.mining.form=FORM --set seed=SEED
    python -m benchmarks.mined_explanations configs/planted_cameras.toml [--forms none printed] [--seeds 0 1 2] \\
        [--set key=value ...]

Reads finished runs of rendered items that cameras see, one for each form and seed, made with the same `--set`, until
retrieval and, of the maps that are to be compared, correspondences and faithfulness. Of each test pair the cause is the
attribute of both images whose edit in the query moves this model's own score most, above the floor of edits of the
ground; rendering says which pixels it covers.
Prints, by map and form: AUROC for the cause's pixels, insertion and deletion; by form how well the model retrieves;
with 95 % intervals that resample items, which say nothing of other trainings. Then paired differences from the model
without mining, of AUROC on the pairs that have a cause under both models. Of several seeds these are of whole
trainings: one for each seed, their mean with Student's interval, p corrected after Holm; few seeds show little.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import ttest_1samp
from statsmodels.stats.multitest import multipletests

from benchmarks.both_sides_figures import Figures, Key, table
from benchmarks.randomisation_sanity import read_scorer
from flows.configured_runs import run_of_seed
from flows.engine.upstream import Upstream
from flows.readers.image_lookup import EmbeddingLookup
from flows.readers.saliency_maps import read_maps
from flows.results.match_sides import read_match_sides
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.true_effects import rendered
from pipeline.datasets.planted.edits import changed_region, measuring_edits, null_background_edits
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.renderer import render_item, render_with_edit
from pipeline.datasets.planted.spec import PlantedSpec, planted_spec
from pipeline.evaluation.audit.both_sides import on_pixels
from pipeline.evaluation.audit.localisation import map_auroc, scored_regions
from pipeline.evaluation.audit.outcomes import effect_floor
from pipeline.evaluation.bootstrap import Resampling
from pipeline.similarity.scorer import SimilarityScorer

BASELINE = "none"
FORMS = (BASELINE, "printed", "negated", "absolute")
CURVES = {"insertion": "insertion_auc", "deletion": "deletion_auc"}
RETRIEVAL = {"rank 1": "is_right", "average precision": "average_precision"}
# Maps over cells that both images' passes make.
SIDES = {"RISE, reference": "reference", "joint, query": "query_joint", "joint, reference": "reference_joint"}


@dataclass(frozen=True)
class QueryEffects:
    """What edits of a query do to its scores.

    Attributes:
        attributes: that the query has.
        effects_ka: (reference, attribute), fall of the score.
        nulls_k: fall of the score by edits of the ground, (edit, reference).
    """

    attributes: list[str]
    effects_ka: np.ndarray
    nulls_k: np.ndarray


def query_effects(
    spec: PlantedSpec, scorer: SimilarityScorer, query: str, references_kd: np.ndarray, attributes: Sequence[str]
) -> QueryEffects:
    """Return the effects of a query's own attributes on its scores with references (reference, D)."""
    original = render_item(spec, query)
    images, spans, nulls = [original], [], []
    measured = [
        (name, edits) for name, present, edits in measuring_edits(sample_item(spec, query), attributes) if present
    ]
    for number, (_, edits) in enumerate(measured):
        edited = [render_with_edit(spec, query, edit) for edit in edits]
        spans.append((len(images), len(images) + len(edited)))
        images += edited
        changed = np.mean([(image != original).any(axis=2).sum() for image in edited])
        nulls.append(null_background_edits(spec, query, round(float(changed)), number))
    scores_nk = scorer.embed(np.stack([*images, *nulls])).astype(np.float64) @ references_kd.T.astype(np.float64)
    effects_ak = [scores_nk[0] - scores_nk[start:stop].mean(axis=0) for start, stop in spans]
    return QueryEffects([name for name, _ in measured], np.array(effects_ak).T, scores_nk[0] - scores_nk[len(images) :])


class MinedRun:
    """A finished run of one form and seed."""

    def __init__(self, settings: Settings, upstream: Upstream) -> None:
        self._upstream = upstream
        self._spec = planted_spec(rendered(settings))
        modes = settings.saliency.generator_modes
        self.generators = [key for key in modes if f"faithfulness.{'.'.join(key)}" in upstream.manifests]
        self.pairs = upstream.rows("pairs.test", "pairs")
        self._causes = self._first_causes(settings)

    def _first_causes(self, settings: Settings) -> dict[str, str]:
        scorer = read_scorer(settings, self._upstream)
        shards = self._upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")
        embeddings = EmbeddingLookup(self._upstream, shards)
        names = self._upstream.table("vocabulary", "vocabulary")["attribute"].to_pylist()
        by_query: dict[str, list[dict[str, str]]] = {}
        for row in self.pairs:
            by_query.setdefault(row["query"], []).append(row)
        found = {
            query: query_effects(self._spec, scorer, query, embeddings.of([row["reference"] for row in rows]), names)
            for query, rows in by_query.items()
        }
        floor = effect_floor(np.concatenate([effects.nulls_k.ravel() for effects in found.values()]))
        causes = {}
        for query, rows in by_query.items():
            for slot, row in enumerate(rows):
                shared = set(sample_item(self._spec, row["reference"]).attributes)
                effects = dict(zip(found[query].attributes, found[query].effects_ka[slot], strict=True))
                moved = {name: effect for name, effect in effects.items() if name in shared and effect > floor}
                if moved:
                    causes[row["pair_id"]] = max(moved, key=lambda name: moved[name])
        return causes

    def regions(self, row: Mapping[str, str]) -> dict[str, np.ndarray]:
        """Return bool (y, x) of the cause in both images; none where there is no cause, or its pixels do not count."""
        if row["pair_id"] not in self._causes:
            return {}
        cause = self._causes[row["pair_id"]]
        places = {side: changed_region(self._spec, row[side], cause) for side in ("query", "reference")}
        return places if scored_regions(np.array([place.mean() for place in places.values()])).all() else {}

    def aurocs(self) -> dict[str, dict[str, float]]:
        """Return AUROC by map and pair."""
        places = {row["pair_id"]: place for row in self.pairs if (place := self.regions(row))}
        found: dict[str, dict[str, float]] = {}
        for generator, mode in self.generators:
            maps = read_maps(self._upstream, generator, mode, list(places))
            found[f"{generator}, {mode}"] = {
                pair_id: map_auroc(maps[pair_id], place["query"]) for pair_id, place in places.items()
            }
        with_sides = places if "correspondences.test" in self._upstream.manifests else {}
        for pair_id, place in with_sides.items():
            sides = read_match_sides(self._upstream, pair_id)
            for name, attribute in SIDES.items() if sides is not None else ():
                region = place[name.rpartition(", ")[2]]
                map_hw = on_pixels(getattr(sides, attribute).ravel(), region.shape[0])
                found.setdefault(name, {})[pair_id] = map_auroc(map_hw, region)
        return found

    def curves(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return insertion and deletion by measure, map and pair."""
        found: dict[str, dict[str, dict[str, float]]] = {measure: {} for measure in CURVES}
        for generator, mode in self.generators:
            rows = self._upstream.rows(f"faithfulness.{generator}.{mode}", "faithfulness")
            for measure, column in CURVES.items():
                found[measure][f"{generator}, {mode}"] = {row["pair_id"]: row[column] for row in rows}
        return found

    def retrieved(self) -> dict[str, dict[str, float]]:
        """Return by measure how well each query finds its item in other cameras' images."""
        rows = self._upstream.rows("retrieval.test", "retrieval_queries")
        # Null for a query whose item no other camera saw.
        found = [row for row in rows if row["is_right"] is not None]
        return {name: {str(row["query"]): float(row[column]) for row in found} for name, column in RETRIEVAL.items()}

    def units(self) -> dict[str, str]:
        """Return the item that is asked for by the id of each pair, and of each query."""
        queries = {str(row["pair_id"]): str(row["query"]) for row in self.pairs}
        asked = {**queries, **{query: query for by_query in self.retrieved().values() for query in by_query}}
        return {unit: str(sample_item(self._spec, query).class_name) for unit, query in asked.items()}


class MeasuredRuns:
    """Figures by (form, measure, map) of the runs of some forms, over the pairs and queries of all seeds."""

    def __init__(self, config: Path, forms: Sequence[str], seeds: Sequence[int], overrides: Sequence[str]) -> None:
        self._values: dict[Key, dict[tuple[int, str], float]] = {}
        self._items: dict[tuple[int, str], str] = {}
        for seed in seeds:
            for form in forms:
                one = run_of_seed(config, [*overrides, f"similarity_model.mining.form={form}"], seed)
                self._add(form, seed, MinedRun(one.settings, one.current()))
        self.forms, self.seeds = list(forms), list(seeds)
        evaluation = load_settings(config, overrides)
        self._resampling = Resampling(evaluation.seed, evaluation.evaluation.bootstrap_samples)

    def _add(self, form: str, seed: int, run: MinedRun) -> None:
        self._items |= {(seed, unit): f"{seed} {item}" for unit, item in run.units().items()}
        aurocs = run.aurocs()
        for measure, by_map in {"AUROC": aurocs, **run.curves(), "retrieval": run.retrieved()}.items():
            for name, by_unit in by_map.items():
                of_key = self._values.setdefault((form, measure, name), {})
                of_key.update({(seed, unit): value for unit, value in by_unit.items()})
        with_cause = len(next(iter(aurocs.values())))
        print(f"{form}, seed {seed}: {with_cause} pairs with a cause", file=sys.stderr, flush=True)

    def shown(self, measure: str) -> list[str]:
        """Return the maps, of retrieval the measures, that have figures, in the order in which runs gave them."""
        return list(dict.fromkeys(name for _, of, name in self._values if of == measure))

    def seed_differences(self, first: Key, second: Key) -> np.ndarray:
        """Return float64 (seed,): mean difference over the units that have both, of seeds that have any."""
        by_seed: dict[int, list[float]] = {}
        one, other = self._values.get(first, {}), self._values.get(second, {})
        for seed, unit in one.keys() & other.keys():
            by_seed.setdefault(seed, []).append(one[seed, unit] - other[seed, unit])
        # Figures that are not defined for a pair are NaN.
        return np.array([np.nanmean(by_seed[seed]) for seed in sorted(by_seed)])

    def figures(self) -> Figures:
        """Return all of them; items are what pairs and queries share."""
        row_of = {unit: row for row, unit in enumerate(self._items)}
        _, clusters_p = np.unique(list(self._items.values()), return_inverse=True)
        found = Figures(clusters_p, self._resampling)
        for key, by_unit in self._values.items():
            for unit, value in by_unit.items():
                found.add(row_of[unit], key, value)
        return found


def report(runs: MeasuredRuns) -> str:
    """Return two tables for each measure: its figures, and the differences of the forms from the model without mining.

    The differences of a measure are one family for Holm.
    """
    figures, lines = runs.figures(), []
    for measure in ("AUROC", *CURVES, "retrieval"):
        shown = runs.shown(measure)
        rows = [[name, *(figures.cell((form, measure, name)) for form in runs.forms)] for name in shown]
        lines.append(f"{measure} x 100\n\n{table(['map' if measure != 'retrieval' else 'measure', *runs.forms], rows)}")
        compared = {
            f"{measure}, {name}: {form} − {BASELINE}": ((form, measure, name), (BASELINE, measure, name))
            for form in runs.forms
            if form != BASELINE
            for name in shown
        }
        if compared:
            lines.append(seeds_table(runs, compared) if len(runs.seeds) > 1 else figures.differences(compared))
    return "\n\n".join(lines)


def seeds_table(runs: MeasuredRuns, compared: Mapping[str, tuple[Key, Key]]) -> str:
    """Return the differences of whole trainings as a table, x 100; all of them are one family for Holm."""
    differences = {name: 100 * runs.seed_differences(*keys) for name, keys in compared.items()}
    tested = {name: ttest_1samp(values_s, 0) for name, values_s in differences.items()}
    # Differences that are the same in every seed, such as none at all, have no spread to be tested against.
    p_values = [tested[name].pvalue if values_s.std() > 0 else 1.0 for name, values_s in differences.items()]
    corrected = multipletests(p_values, method="holm")[1]
    rows = []
    for (name, values_s), p_value in zip(differences.items(), corrected, strict=True):
        ends = tested[name].confidence_interval()
        text = f"{values_s.mean():+.1f} [{ends.low:+.1f}, {ends.high:+.1f}]"
        rows.append([name, text, f"{p_value:.3f}", ", ".join(f"{value:+.1f}" for value in values_s)])
    return table(["difference", "mean over seeds", "p", "by seed"], rows)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--forms", nargs="+", default=list(FORMS), choices=FORMS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    asked = parser.parse_args(words)
    print(report(MeasuredRuns(asked.config, asked.forms, asked.seeds, asked.overrides)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
