"""The section of each saliency generator, made from its declaration: keys, defaults, limits and meaning stand there."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, create_model, model_validator

from flows.settings.section import PairCount, Section
from pipeline.saliency.catalogue import GENERATORS
from pipeline.saliency.declaration import GeneratorDeclaration
from pipeline.saliency.fill import Fill
from pipeline.saliency.spec_fields import Requirement, SettingField, setting_fields, spec_from_keys


class GeneratorSection(Section):
    """What every generator that knows the model has; its own keys are added to these."""

    declaration: ClassVar[GeneratorDeclaration[Any]]

    modes: Sequence[str]
    pairs: PairCount | None = Field(None, description="most test pairs with maps, whole queries at a time; empty: all")

    @property
    def chosen(self) -> Any:
        """The generator's own settings, as its declaration spells them."""
        return spec_from_keys(self.declaration.spec, dict(self))

    def problem_at_size(self, image_size_px: int) -> str | None:
        """Return what is wrong with the settings for images of this side, None where nothing is."""
        return self.declaration.problem_at_size(self.chosen, image_size_px)

    def spec(self, mode: str, supervises: bool, fill: Fill | None = None) -> dict[str, Any]:
        """Return what the generator gets in a mode, and what its maps depend on; test maps where it supervises none.

        Args:
            mode: the mode.
            supervises: the maps supervise attributes.
            fill: what removed pixels become; None: the generator's own.
        """
        return self.declaration.key_values(self.declaration.with_fill(self.chosen, fill), mode, supervises)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle finds classes by the names of modules, which those that are made of declarations do not have.
        return _section_from, (self.declaration.name, self.model_dump(exclude_unset=True))

    @model_validator(mode="after")
    def _keys_go_together(self) -> "GeneratorSection":
        problem = self.declaration.problem(self.chosen)
        if problem is not None:
            raise ValueError(problem)
        return self


class KeepingSection(GeneratorSection):
    """What generators have whose perturbed queries' embeddings can be kept."""

    keep: bool | None = Field(
        None,
        description="keep the perturbed queries' embeddings, so that a new reference, condition or mode costs no pass "
        "of a query; empty: where several modes share them",
    )

    def keeps(self, modes: int) -> bool:
        """Return whether the embeddings are kept of queries that have maps of so many modes."""
        return modes > 1 if self.keep is None else self.keep


def _section_of(declaration: GeneratorDeclaration[Any]) -> type[GeneratorSection]:
    # To mypy a choice among values that are known at run time only is no type.
    literal: Any = Literal
    modes = Field(declaration.default_modes, description=declaration.modes_meaning)
    keys: dict[str, Any] = {"modes": (list[literal[declaration.modes]], modes)}
    for field in setting_fields(declaration.spec):
        keys[field.name] = (_limited(field), Field(field.default, description=field.description))
    base = KeepingSection if declaration.keeps_embeddings else GeneratorSection
    section = create_model(
        f"{declaration.spec.__name__}Section",
        __base__=base,
        __doc__=f"[saliency.{declaration.name}].",
        __module__=__name__,
        **keys,
    )
    section.declaration = declaration
    return section


def _limited(field: SettingField) -> Any:
    """Return a field's type with its limits, which pydantic knows but for requirements."""
    annotated: Any = Annotated
    limits = [_validator(limit) if isinstance(limit, Requirement) else limit for limit in field.limits]
    return annotated[(field.kind, *limits)] if limits else field.kind


def _validator(requirement: Requirement) -> AfterValidator:
    def refuse_unmet(value: Any) -> Any:
        if not requirement.is_met(value):
            raise ValueError(requirement.expected)
        return value

    return AfterValidator(refuse_unmet)


# By generator; the controls have nothing to set.
SECTIONS: Mapping[str, type[GeneratorSection]] = {
    name: _section_of(declaration) for name, declaration in GENERATORS.items() if not declaration.is_control
}


def _section_from(generator: str, values: Mapping[str, Any]) -> GeneratorSection:
    return SECTIONS[generator].model_validate(values)
