"""The pairs of the figure of generators, with their maps and the areas under their curves."""

from flows.figures.run_reader import Row, RunReader
from flows.readers.saliency_maps import maps_stage, read_maps
from flows.stages.faithfulness import faithfulness_name
from pipeline.figures.generators import ComparedMap, ComparedPair, generators_figure, pairs_of_generators
from pipeline.figures.paper_figure import PaperFigure

Areas = dict[tuple[str, str], dict[str, tuple[float, float]]]


def read_generators(run: RunReader) -> PaperFigure:
    """Return the figure.

    Raises:
        MissingArtifact: maps or curves are not there, or no pair has maps of all generators.
    """
    keys = run.settings.saliency.generator_modes
    run.need(*(maps_stage(*key) for key in keys))
    areas = _areas(run, keys)
    candidates = _candidates(run, keys, areas)
    if not candidates:
        raise run.not_of_this_run(
            "a test pair that every generator explains",
            "none",
            "raise the generators' own limits of pairs, such as saliency.mask.pairs, and run again",
        )
    chosen = run.drawn(candidates, pairs_of_generators(len(keys)))
    pair_ids = [pair["pair_id"] for pair in chosen]
    maps = {key: read_maps(run.upstream, *key, pair_ids) for key in keys}
    compared = []
    for pair in chosen:
        pair_id, shown = pair["pair_id"], []
        for key in keys:
            insertion, deletion = areas.get(key, {}).get(pair_id, (None, None))
            shown.append(ComparedMap(*key, maps[key][pair_id], insertion, deletion))
        compared.append(ComparedPair(run.shown(pair), tuple(shown)))
    return generators_figure(compared, len(candidates), run.seed)


def _areas(run: RunReader, keys: list[tuple[str, str]]) -> Areas:
    """Return the areas under insertion and deletion curves by generator and mode, then by pair."""
    found: Areas = {}
    for key in keys:
        stage = faithfulness_name(*key)
        if not run.has(stage):
            continue
        run.need(stage)
        table = run.upstream.table(stage, "faithfulness").select(["pair_id", "insertion_auc", "deletion_auc"])
        found[key] = {row["pair_id"]: (row["insertion_auc"], row["deletion_auc"]) for row in table.to_pylist()}
    return found


def _candidates(run: RunReader, keys: list[tuple[str, str]], areas: Areas) -> list[Row]:
    explained = [set(run.upstream.table(maps_stage(*key), "map_rows")["pair_id"].to_pylist()) for key in keys]
    shared = set.intersection(*explained)
    with_curves = set.intersection(shared, *map(set, areas.values()))
    return [pair for pair in run.pairs if pair["pair_id"] in (with_curves or shared)]
