"""The groups of attributes that training labels cannot tell apart, as explanations name them."""

from flows.engine.upstream import Upstream


def group_name_of_attribute(upstream: Upstream) -> dict[str, str]:
    """Return the name of each attribute's group, of attributes that share theirs; reads `attribute_groups`.

    Attributes that the labels tell from all others have no entry, nor have those that no image tells anything of.
    """
    table = upstream.table("attribute_groups", "attribute_groups")
    columns = (table[name].to_pylist() for name in ("attribute", "group_name", "members"))
    return {name: group for name, group, members in zip(*columns, strict=True) if members is not None and members > 1}
