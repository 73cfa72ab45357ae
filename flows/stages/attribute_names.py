"""Names that people gave to discovered attributes, kept in the store beside the result that they belong to.

A file for each grouping, named by its digest: after another discovery the names of the old groups do not apply. They
change nothing but what is shown, and the report is made anew with them.
"""

from collections.abc import Mapping
from dataclasses import replace

from flows.engine.stage import Cut, ShardPlan, Stage
from flows.engine.upstream import Upstream
from pipeline.discovery.naming import checked_name
from pipeline.errors import BadSetting
from stores.location import Location
from stores.records import decode_side_record, encode_record

DISCOVERED = "discovered_attributes"


def read_names(upstream: Upstream) -> dict[str, str]:
    """Return the names of the current grouping by attribute; none where nobody named any.

    Raises:
        CorruptArtifact: the file is damaged.
    """
    file = _file(upstream)
    if not file.exists():
        return {}
    record = decode_side_record(file.read_bytes(), str(file), {"names": dict})
    return {str(attribute): str(name) for attribute, name in record["names"].items()}


def give_name(upstream: Upstream, attribute: str, name: str) -> dict[str, str]:
    """Name an attribute of the current grouping, or take its name away where the new one is empty; return all names.

    Raises:
        BadSetting: there is no such attribute, another has the name, or see checked_name.
        CorruptArtifact: the file is damaged.
    """
    known: list[str] = upstream.table(DISCOVERED, "clusters")["attribute"].to_pylist()
    if attribute not in known:
        raise BadSetting(
            expected=f"a discovered attribute: {known[0]} to {known[-1]}",
            found=repr(attribute),
            where="sane attributes name",
            remedy="without an attribute the command lists them",
        )
    names = {one: given for one, given in read_names(upstream).items() if one in known and one != attribute}
    if name.strip():
        names[attribute] = _own_name(checked_name(name), names, known)
    _file(upstream).replace_bytes(encode_record({"names": dict(sorted(names.items()))}))
    return names


def _own_name(name: str, names: Mapping[str, str], known: list[str]) -> str:
    holder = next((one for one, given in names.items() if given == name), name if name in known else None)
    if holder is not None:
        raise BadSetting(
            expected="a name that no other discovered attribute has",
            found=f"{name!r}, which is {holder}",
            where="sane attributes name",
            remedy="choose another name, or rename that one first",
        )
    return name


def with_names(stage: Stage) -> Stage:
    """Return a stage of one shard whose result depends on the names; its work says what they are."""
    return replace(stage, cut=_cut_with_names(stage.cut))


def _cut_with_names(cut: Cut) -> Cut:
    def named(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
        names = read_names(upstream)
        return [
            replace(
                shard,
                inputs={**shard.inputs, **({"attribute_names": names} if names else {})},
                work={**shard.work, "attribute_names": names},
            )
            for shard in cut(upstream, stage)
        ]

    return named


def _file(upstream: Upstream) -> Location:
    return upstream.store.root.child(f"attribute_names-{upstream.manifests[DISCOVERED].digest[:16]}.json")
