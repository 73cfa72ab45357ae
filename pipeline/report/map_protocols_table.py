"""Tables of further protocols by which maps are judged: without truth, and on rendered items by every part."""

from dataclasses import dataclass

from pipeline.report.comparisons import difference_cell
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.generator_names import generator_name
from pipeline.report.metric_table import MetricTable
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

GeneratorMode = tuple[str, str]

_SHARE = NumberFormat(scale=100.0, decimals=1)
_PLAIN = NumberFormat(scale=1.0, decimals=2)
_GROUP = "minus the centre blob’s"
_VERDICTS = (
    "In brackets 95 % intervals, clustered by what pairs share. Green: better than the blob, red: worse, at p < 0.05 "
    "after Holm’s correction over the table; grey: no difference was shown."
)
_PROTOCOLS_NOTE = (
    "Sparseness: Gini index of the map’s values, 0 flat, 1 a single pixel; it says nothing of what the map points at. "
    "Change under noise: the largest change of the map, in lengths of the map, over three copies of the query with "
    "noise of at most 5 of 255 levels, of a few queries. Correlation with drops: over random removals of half of an "
    "8 × 8 grid that no generator has seen, of the saliency removed with the drop of the score. Deletion: area under "
    "the scores of 0 to 90 % deleted pixels between the query’s score (1) and the blank image’s (0); once filled in "
    "from their surroundings, once blank as in Table 1."
)
_PARTS_NOTE = (
    "Mass: the share of a map’s positive values. Correlation with effects: Spearman’s, over all attributes of the "
    "query, of the mass where each shows with what editing it does to the score. Idle mass: on pixels that only "
    "attributes without effect change. In the region, and rank: of the truly best attribute, the mass inside, and the "
    "share of as many most salient pixels as it has. Right move: of two references for which different attributes of "
    "one query matter most, how often mass moves to each one’s own; a map that does not follow its reference has 50."
)


@dataclass(frozen=True)
class _Measure:
    """A column of means; where it is compared with the blob, the sign of what is better."""

    metric: str
    column: Column
    number: NumberFormat
    better: int = 0


_PROTOCOLS = (
    _Measure("gini", Column("sparseness"), _PLAIN),
    _Measure("max_sensitivity", Column("change under noise", "↓"), _PLAIN),
    _Measure("faithfulness_correlation", Column("correlation with drops", "↑"), _PLAIN, 1),
    _Measure("deletion_imputed", Column("deletion, filled in", "↓", "× 100"), _SHARE, -1),
    _Measure("deletion_blank", Column("deletion, blank", "↓", "× 100"), _SHARE, -1),
)
_PARTS = (
    _Measure("mass_rank_correlation", Column("correlation with effects", "↑"), _PLAIN, 1),
    _Measure("mass_without_effect", Column("idle mass", "↓", "× 100"), _SHARE, -1),
    _Measure("relevance_mass_accuracy", Column("in the region", "↑", "× 100"), _SHARE, 1),
    _Measure("relevance_rank_accuracy", Column("rank", "↑", "× 100"), _SHARE, 1),
)


def map_protocols_table(metrics: MetricTable, generators: list[GeneratorMode]) -> Table | None:
    """Return the measures that need no truth, by generator and mode; None where they were not asked for."""
    rows = _rows(metrics, "map_protocols", _PROTOCOLS, generators)
    if not rows:
        return None
    notes = (_PROTOCOLS_NOTE, _VERDICTS, *few_clusters_note(metrics.all_in("map_protocols")))
    return Table("Further protocols: what do others measure of a map?", _columns(_PROTOCOLS), rows, notes)


def map_parts_table(metrics: MetricTable, generators: list[GeneratorMode]) -> Table | None:
    """Return what maps give to all parts, and whether they follow their reference; None without any figure."""
    moves = [
        estimate_cell(metrics.of_maps("target_sensitivity", "is_right_move", *key), _SHARE)
        for key in _shown(metrics, "map_parts", _PARTS, generators)
    ]
    rows = _rows(metrics, "map_parts", _PARTS, generators)
    if not rows:
        return None
    rows = tuple(Row((*row.cells, move)) for row, move in zip(rows, moves, strict=True))
    notes = (_PARTS_NOTE, _VERDICTS, *few_clusters_note(metrics.all_in("map_parts")))
    columns = (*_columns(_PARTS), Column("right move", "↑", "× 100"))
    return Table("Do maps give every part its due, and follow their reference?", columns, rows, notes)


def _shown(
    metrics: MetricTable, table: str, measures: tuple[_Measure, ...], generators: list[GeneratorMode]
) -> list[GeneratorMode]:
    return [key for key in generators if metrics.of_maps(table, measures[0].metric, *key) is not None]


def _columns(measures: tuple[_Measure, ...]) -> tuple[Column, ...]:
    compared = [Column(measure.column.heading, measure.column.hint, _GROUP) for measure in measures if measure.better]
    return (
        Column("generator", is_text=True),
        *(measure.column for measure in measures),
        *compared,
        Column("pairs"),
    )


def _rows(
    metrics: MetricTable, table: str, measures: tuple[_Measure, ...], generators: list[GeneratorMode]
) -> tuple[Row, ...]:
    rows = []
    for generator, mode in _shown(metrics, table, measures, generators):
        figures = [metrics.of_maps(table, measure.metric, generator, mode) for measure in measures]
        cells = [Cell(generator_name(generator), mode)]
        cells += [estimate_cell(figure, measure.number) for figure, measure in zip(figures, measures, strict=True)]
        cells += [
            difference_cell(
                metrics.of_maps(table, f"{measure.metric}_difference", generator, mode), measure.number, measure.better
            )
            for measure in measures
            if measure.better
        ]
        rows.append(Row((*cells, count_cell(figures[0]))))
    return tuple(rows)
