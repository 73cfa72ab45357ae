"""What `sane attributes name` shows and keeps."""

import json
import sys

from rich.table import Table
from rich.text import Text

from flows.commands.console import plain_console
from flows.configured_runs import ConfiguredRun, configured_runs
from flows.engine.upstream import Upstream
from flows.readers.discovered_groups import STAGE, read_groups
from flows.settings.configuration import Settings
from flows.stages.attribute_names import give_name, read_names
from pipeline.discovery.groups import DiscoveredGroup
from pipeline.errors import BadSetting


def name_attributes(settings: Settings, attribute: str | None, name: str | None, as_json: bool) -> None:
    """Name a discovered attribute, where one is given, and print all of them with their names and closest labels.

    Raises:
        BadSetting: an attribute without a name, several seeds, nothing discovered, or see give_name.
        PipelineError, StoreError: inputs are refused, or the store cannot be read or written.
    """
    if (attribute is None) != (name is None):
        raise BadSetting(
            expected="an attribute with its name, or neither",
            found=repr(attribute),
            where="sane attributes name",
            remedy='such as: sane attributes name CONFIG cluster-01 "red body"; an empty name takes it away',
        )
    upstream = _discovered(configured_runs(settings))
    names = read_names(upstream) if attribute is None or name is None else give_name(upstream, attribute, name)
    _print(read_groups(upstream, names), as_json)


def _discovered(runs: list[ConfiguredRun]) -> Upstream:
    if len(runs) > 1:
        raise BadSetting(
            expected="one seed, as each has attributes of its own",
            found=", ".join(str(run.seed) for run in runs),
            where="evaluation.seeds",
            remedy=f"choose one: --set evaluation.seeds=[{runs[0].seed}]",
        )
    upstream = runs[0].current()
    if STAGE not in upstream.manifests:
        raise BadSetting(
            expected="discovered attributes that are current",
            found="none",
            where=STAGE,
            remedy="sane run CONFIG --until discovered_attributes, with discovery.enabled = true",
        )
    return upstream


def _print(groups: list[DiscoveredGroup], as_json: bool) -> None:
    columns = ("attribute", "name", "images", "closest_label", "f1")
    if as_json:
        listed = [{column: getattr(group, column) for column in columns} for group in groups]
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")
        return
    table = Table(*("attribute", "name", "images", "closest label", "F1"))
    for group in groups:
        f1 = "" if group.f1 is None else f"{group.f1:.2f}"
        cells = (group.attribute, group.name or "", str(group.images), group.closest_label or "", f1)
        # As text: names may hold what would be taken for markup.
        table.add_row(*(Text(cell) for cell in cells))
    plain_console().print(table)
