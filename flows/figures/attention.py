"""The pairs of the figure of attention: those of two runs on the same images, with the maps of each run's model."""

from flows.figures.run_reader import Row, RunReader
from flows.readers.saliency_maps import maps_stage, read_maps
from pipeline.figures.attention import ATTENDED_PAIRS, ModelAttention, attention_figure
from pipeline.figures.paper_figure import PaperFigure
from pipeline.saliency.catalogue import GENERATORS

Keys = list[tuple[str, str]]


def read_attention(run: RunReader, beside: RunReader) -> PaperFigure:
    """Return the figure.

    Args:
        run: the first model's.
        beside: the other's.

    Raises:
        MissingArtifact: the runs share no generator that takes gradients, no pair with its maps, or not their images.
    """
    keys = [key for key in _white_box(run) if key in _white_box(beside)]
    if not keys:
        raise run.not_of_this_run(
            "attention maps of both models",
            "no generator of both runs takes gradients",
            'run both configurations with --set \'saliency.generators=["rise","similarity_attention","grad_cam"]\', '
            "and name these in the files",
        )
    both = (run, beside)
    for one in both:
        one.need(*(maps_stage(*key) for key in keys))
    shared = set.intersection(*(_explained(one, keys) for one in both))
    candidates = [pair for pair in run.pairs if pair["pair_id"] in shared]
    _check_images(run, beside, candidates)
    chosen = run.drawn(candidates, ATTENDED_PAIRS)
    pair_ids = [pair["pair_id"] for pair in chosen]
    maps = [{key: read_maps(one.upstream, *key, pair_ids) for key in keys} for one in both]
    names = _names(run, beside)
    pairs = [
        [
            ModelAttention(name, one.shown(pair), tuple(found[key][pair["pair_id"]] for key in keys))
            for one, name, found in zip(both, names, maps, strict=True)
        ]
        for pair in chosen
    ]
    return attention_figure(pairs, keys, len(candidates), run.seed)


def _white_box(run: RunReader) -> Keys:
    return [key for key in run.settings.saliency.generator_modes if GENERATORS[key[0]].is_white_box]


def _explained(run: RunReader, keys: Keys) -> set[str]:
    """Return the pairs of a run that all of these generators explain."""
    return set.intersection(
        {pair["pair_id"] for pair in run.pairs},
        *(set(run.upstream.table(maps_stage(*key), "map_rows")["pair_id"].to_pylist()) for key in keys),
    )


def _names(run: RunReader, beside: RunReader) -> tuple[str, str]:
    if run.name != beside.name:
        return run.name, beside.name
    return f"{run.name} (1)", f"{beside.name} (2)"


def _check_images(run: RunReader, beside: RunReader, candidates: list[Row]) -> None:
    wanted = {pair[side] for pair in candidates for side in ("query", "reference")}
    of_run, of_other = run.file_digests, beside.file_digests
    if not wanted or any(of_run[image_id] != of_other.get(image_id) for image_id in wanted):
        raise run.not_of_this_run(
            "two runs that explain the same pairs of the same images",
            "they share no such pair" if not wanted else "images of one id that differ",
            "choose configurations of one dataset, with one seed or with pairs.seed set",
        )
