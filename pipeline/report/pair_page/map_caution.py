"""What keeps a map of one pair from being read as where the model looks: a control does as well on that pair."""

from collections.abc import Sequence

from pipeline.report.number_text import number_text
from pipeline.report.pair_page.evidence import PageMap


def map_cautions(maps: Sequence[PageMap]) -> list[str]:
    """Return a sentence for each map: that a control's insertion is at least the map's; empty where none is.

    Controls, maps without curves, and pairs whose controls were not measured have none.
    """
    measured = [one for one in maps if one.is_control and one.insertion_auc is not None]
    best = max(measured, key=lambda one: one.insertion_auc or 0.0, default=None)
    return ["" if best is None else _caution(one, best) for one in maps]


def _caution(one: PageMap, control: PageMap) -> str:
    if one.is_control or one.insertion_auc is None or control.insertion_auc is None:
        return ""
    if control.insertion_auc < one.insertion_auc:
        return ""
    controls, own = (number_text(value, decimals=2) for value in (control.insertion_auc, one.insertion_auc))
    return (
        f"On this pair the map “{control.name}”, which knows nothing of the model, has an insertion of {controls}, "
        f"{one.name} of {own}: do not read this map as where the model looks."
    )
