"""The settings of a generator as a frozen dataclass, whose fields alone state default, limits and meaning.

A field that is `Annotated` with `annotated_types.doc` is a key of the generator's section in a configuration file; a
field without, such as a seed, is not. A field that is itself such a dataclass adds its keys to the same section.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from annotated_types import DocInfo, Ge, Gt, Le, Lt

from pipeline.errors import BadSetting

Spec = TypeVar("Spec")
Positive = Annotated[int, Ge(1)]


@dataclass(frozen=True)
class Requirement:
    """A limit that is no comparison with a number; it stands in `Annotated`, beside the others.

    Attributes:
        is_met: whether a value meets it.
        expected: what it asks for, in words.
    """

    is_met: Callable[[Any], bool]
    expected: str


@dataclass(frozen=True)
class SettingField:
    """A key of a configuration file.

    Attributes:
        name: the key, without its section.
        kind: its type without the limits.
        limits: of annotated_types, or a Requirement.
        default: its value where the file does not name it.
        description: what it means.
    """

    name: str
    kind: Any
    limits: tuple[Any, ...]
    default: Any
    description: str


def setting_fields(spec_type: type) -> tuple[SettingField, ...]:
    """Return the keys of a dataclass of settings in their order, those of nested dataclasses among them."""
    return tuple(found for field, hint in _hinted_fields(spec_type) for found in _keys_of(field, hint))


def spec_from_keys(spec_type: type[Spec], values: Mapping[str, Any]) -> Spec:
    """Return the settings that a section states.

    Args:
        spec_type: the dataclass.
        values: of all its keys.
    """
    chosen: dict[str, Any] = {}
    for field, hint in _hinted_fields(spec_type):
        nested = _nested(hint)
        if nested is not None:
            chosen[field.name] = spec_from_keys(nested, values)
        elif _description(hint) is not None:
            chosen[field.name] = values[field.name]
    return spec_type(**chosen)


def spec_from_values(spec_type: type[Spec], values: Mapping[str, Any]) -> Spec:
    """Return the settings whose fields have these values, as a stage keeps them; other fields have their defaults.

    Args:
        spec_type: the dataclass.
        values: by field, a mapping for a field that is itself a dataclass.

    Raises:
        TypeError: a value of a field that there is not.
    """
    chosen = dict(values)
    for field, hint in _hinted_fields(spec_type):
        nested = _nested(hint)
        if nested is not None and field.name in values:
            chosen[field.name] = spec_from_values(nested, values[field.name])
    return spec_type(**chosen)


def refuse_out_of_limits(spec: Any, section: str) -> None:
    """Refuse settings that a configuration file could not have stated.

    Args:
        spec: a dataclass of settings.
        section: of the file, such as "saliency.rise", for the message.

    Raises:
        BadSetting: a field has another type, or is out of its limits.
    """
    for field, hint in _hinted_fields(type(spec)):
        value = getattr(spec, field.name)
        if _nested(hint) is not None:
            refuse_out_of_limits(value, section)
        elif _description(hint) is not None and not _is_allowed(value, hint):
            raise BadSetting(
                expected=_in_words(hint),
                found=f"{field.name} {value!r}",
                where=f"{section}.{field.name}",
                remedy="correct the setting; docs/configuration.md lists all keys",
            )


def _hinted_fields(spec_type: type) -> Iterator[tuple[Field[Any], Any]]:
    hints = get_type_hints(spec_type, include_extras=True)
    return ((field, hints[field.name]) for field in fields(spec_type))


def _nested(hint: Any) -> type | None:
    return hint if isinstance(hint, type) and is_dataclass(hint) else None


def _keys_of(field: Field[Any], hint: Any) -> tuple[SettingField, ...]:
    nested = _nested(hint)
    if nested is not None:
        return setting_fields(nested)
    description = _description(hint)
    if description is None:
        return ()
    assert field.default is not MISSING, f"{field.name} has no default"
    kind, *limits = get_args(hint)
    kept = tuple(limit for limit in limits if not isinstance(limit, DocInfo))
    return (SettingField(field.name, kind, kept, field.default, description),)


def _description(hint: Any) -> str | None:
    described = [item.documentation for item in get_args(hint)[1:] if isinstance(item, DocInfo)]
    return described[0] if get_origin(hint) is Annotated and described else None


def _is_allowed(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Annotated:
        kind, *limits = get_args(hint)
        return _is_allowed(value, kind) and all(_meets(value, limit) for limit in limits)
    if origin is Literal:
        return value in get_args(hint)
    if origin in (Union, UnionType):
        return any(_is_allowed(value, choice) for choice in get_args(hint))
    return isinstance(value, (int, float) if hint is float else hint)


def _meets(value: Any, limit: Any) -> bool:
    match limit:
        case Ge(ge=bound):
            return bool(value >= bound)
        case Gt(gt=bound):
            return bool(value > bound)
        case Le(le=bound):
            return bool(value <= bound)
        case Lt(lt=bound):
            return bool(value < bound)
        case Requirement(is_met=is_met):
            return is_met(value)
        case DocInfo():
            return True
    raise TypeError(f"a limit that cannot be checked: {limit!r}")


def _in_words(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Annotated:
        kind, *limits = get_args(hint)
        return ", ".join([_in_words(kind), *filter(None, map(_limit_in_words, limits))])
    if origin is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if origin in (Union, UnionType):
        return " or ".join(_in_words(choice) for choice in get_args(hint))
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "none"}
    return names.get(hint, str(hint))


def _limit_in_words(limit: Any) -> str:
    match limit:
        case Ge(ge=bound):
            return f"at least {bound}"
        case Gt(gt=bound):
            return f"above {bound}"
        case Le(le=bound):
            return f"at most {bound}"
        case Lt(lt=bound):
            return f"below {bound}"
        case Requirement(expected=expected):
            return expected
    return ""
