"""Table 4: what a map costs, in seconds and in passes."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.evidence import StageRecord
from pipeline.report.generator_names import generator_name, is_control
from pipeline.report.number_text import MISSING, count_text, number_text, significant_text
from pipeline.report.paper_figures import PAPER_SECONDS, PAPERS
from pipeline.report.table_model import Cell, Column, Row, Table

SHARED = "passes that its modes share"
_PAPERS_NOTE = "The papers’ seconds are as printed, on hardware of theirs."


@dataclass(frozen=True)
class MapRuntime:
    """What one generator's test maps took in one mode.

    Attributes:
        generator: its name.
        mode: of the generator; None for what all its modes share: the embeddings of its perturbed images.
        maps: how many were made.
        seconds: of all of them together, when they were first computed.
        forward_passes: images through the network without gradients, of all of them together.
        gradient_passes: images that went forward and backward, likewise.
        devices: where they were computed.
    """

    generator: str
    mode: str | None
    maps: int
    seconds: float
    forward_passes: int
    gradient_passes: int
    devices: tuple[str, ...]


def map_runtimes(stages: Sequence[StageRecord], generators: Sequence[tuple[str, str]]) -> list[MapRuntime]:
    """Return what each generator cost in each mode, in the order given; those without a stage are left out.

    What a generator's modes share comes before the first of them, over the maps of the mode that has most.
    """
    by_name = {stage.stage: stage for stage in stages}
    found: list[MapRuntime] = []
    for generator in dict.fromkeys(generator for generator, _ in generators):
        modes = [mode for name, mode in generators if name == generator]
        own = {mode: by_name.get(f"saliency_maps.test.{generator}.{mode}") for mode in modes}
        runtimes = [_runtime(generator, mode, record, _maps(record)) for mode, record in own.items() if record]
        shared = by_name.get(f"perturbed_embeddings.test.{generator}")
        if shared and runtimes:
            found.append(_runtime(generator, None, shared, max(runtime.maps for runtime in runtimes)))
        found += runtimes
    return found


def runtime_table(runtimes: Sequence[MapRuntime], dataset: str) -> Table | None:
    """Return seconds and passes a map by generator and mode; None without any generator but the controls.

    On datasets of the papers' the seconds that they printed stand beside them.
    """
    shown = [runtime for runtime in runtimes if runtime.maps]
    if all(is_control(runtime.generator) for runtime in shown):
        return None
    columns = [
        Column("generator", is_text=True),
        Column("seconds", "a map"),
        Column("forward passes", "a map"),
        Column("gradient passes", "a map"),
        Column("maps"),
        Column("device", is_text=True),
    ]
    notes = [
        "Seconds of the shards that are kept, when they were first computed, reading and writing included, over the "
        "number of maps; shards of several processes add up. A query’s maps share the passes of its perturbed "
        "images, so passes a map fall with the number of references.",
    ]
    if any(runtime.mode is None for runtime in shown):
        notes.append(f"“{SHARED}”: embeddings of the perturbed query, kept once; what they cost comes on top of each.")
    with_papers = dataset in PAPERS
    if with_papers:
        columns.append(Column("seconds", "a map", "papers"))
        notes.append(_PAPERS_NOTE)
    rows = tuple(_row(runtime, with_papers) for runtime in shown)
    return Table("Table 4. What a saliency map costs", tuple(columns), rows, tuple(notes))


def _runtime(generator: str, mode: str | None, record: StageRecord, maps: int) -> MapRuntime:
    forward, gradient = (int(record.counts.get(name, 0)) for name in ("forward_passes", "training_passes"))
    return MapRuntime(generator, mode, maps, record.seconds, forward, gradient, tuple(record.devices))


def _maps(record: StageRecord) -> int:
    return int(record.counts.get("pairs", 0))


def _row(runtime: MapRuntime, with_papers: bool) -> Row:
    cells = [
        Cell(generator_name(runtime.generator), runtime.mode or SHARED),
        Cell(significant_text(runtime.seconds / runtime.maps, digits=2)),
        _passes_cell(runtime.forward_passes, runtime.maps),
        _passes_cell(runtime.gradient_passes, runtime.maps),
        Cell(count_text(runtime.maps)),
        Cell(", ".join(runtime.devices)),
    ]
    if with_papers:
        seconds = PAPER_SECONDS.get((runtime.generator, runtime.mode or ""))
        cells.append(Cell(number_text(seconds), tone="paper" if seconds is not None else "muted"))
    return Row(tuple(cells))


def _passes_cell(passes: int, maps: int) -> Cell:
    if not passes:
        return Cell(MISSING, tone="muted")
    whole = passes / maps >= 100 or passes % maps == 0
    return Cell(number_text(passes / maps, decimals=0 if whole else 1))
