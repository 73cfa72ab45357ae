"""What a saliency generator declares of itself; a `declaration.py` in each generator's folder does so.

Declarations import no torch, so that settings, plans and reports can ask. Their code is in no key: of a declaration,
maps depend on what `depends_on` returns, which is in the settings of their stage.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

from pipeline.saliency.fill import Fill, same_fill
from pipeline.saliency.spec_fields import spec_from_values

# Fixed: only the query is manipulated. Both: the reference as well, so that requests must bring its pixels.
FIXED, BOTH = "fixed", "both"
Spec = TypeVar("Spec")


@dataclass(frozen=True)
class MapPasses:
    """Images through the network for a group of queries.

    Attributes:
        forward: forward passes without gradients.
        gradient: images that go forward and backward.
        is_upper_bound: it may be fewer.
    """

    forward: int = 0
    gradient: int = 0
    is_upper_bound: bool = False


# Settings, mode, number of references of each query of a group, whether the embeddings of perturbed queries are there
# already -> passes.
PassesFormula = Callable[[Spec, str, Sequence[int], bool], MapPasses]


def no_problem(_spec: object, _image_size_px: int = 0) -> None:
    """Find nothing wrong, for settings whose limits are those of each alone."""


@dataclass(frozen=True)
class GeneratorDeclaration(Generic[Spec]):
    """What a generator is, and all that the rest of the program knows of it.

    Attributes:
        name: in configuration files, names of stages and tables.
        title: in reports.
        module: makes the maps, by its function build_<name> (spec, scorer, image_size_px, mode) -> SaliencyGenerator;
            where embeddings can be kept, query_masks (spec, image_size_px) -> MaskSource tells their order. Its code,
            with all that it imports, is in the key of the maps.
        spec: its settings, see spec_fields; a field `seed`, where there is one, is the run's; a field `fill`, where it
            removes pixels, is what they become, and its default what they become by the generator's paper.
        modes: ways of making maps, each with stages of its own.
        modes_meaning: what they do, for the page of settings.
        depends_on: settings, mode and whether the maps supervise attributes -> what the maps depend on, by field of the
            spec: what they do not read is left out, so that changing it leaves them current.
        passes: a formula of what maps cost, which a test holds equal to what is counted.
        query_perturbations: how many images a query is perturbed to, where that depends on the query alone, so that
            their embeddings can be kept for other references, conditions and modes; None where it does not.
        problem: what is wrong with settings that are within their limits one by one; None where nothing is.
        problem_at_size: the same, given the side of the images in px.
        negatives: by mode, how many images that do not match each pair is contrasted with, or the field of the
            settings that says how many; none where not named.
        asked_modes: the modes that are made only where a configuration names them.
        notes: figures noted of each map.
        is_white_box: it takes gradients, so it needs a network that has them; the others use `embed` alone.
        check_passes: images that its module's check_model (spec, scorer, pixels_nhwc) passes to refuse a network of the
            user's that it cannot explain; 0 where it has no such check.
        is_control: it knows nothing of the model and has no section of settings; methods are compared with it.
        can_supervise: its maps can supervise attributes, in mode fixed.
    """

    name: str
    title: str
    module: str
    spec: type[Spec]
    modes: tuple[str, ...]
    modes_meaning: str
    depends_on: Callable[[Spec, str, bool], dict[str, Any]]
    passes: PassesFormula[Spec]
    query_perturbations: Callable[[Spec], int] | None = None
    problem: Callable[[Spec], str | None] = no_problem
    problem_at_size: Callable[[Spec, int], str | None] = no_problem
    negatives: Mapping[str, int | str] = field(default_factory=dict)
    asked_modes: tuple[str, ...] = ()
    notes: int = 0
    is_white_box: bool = False
    check_passes: int = 0
    is_control: bool = False
    can_supervise: bool = False

    @property
    def knows_the_model(self) -> bool:
        """Whether its maps depend on the model."""
        return not self.is_control

    @property
    def keeps_embeddings(self) -> bool:
        """Whether the embeddings of perturbed queries can be kept."""
        return self.query_perturbations is not None

    @property
    def default_modes(self) -> list[str]:
        """The modes that are made where a configuration names none."""
        return [mode for mode in self.modes if mode not in self.asked_modes]

    def negatives_in(self, spec: Spec, mode: str) -> int:
        """Return how many images that do not match each pair is contrasted with in a mode."""
        count = self.negatives.get(mode, 0)
        return count if isinstance(count, int) else int(getattr(spec, count))

    @property
    def declared_in(self) -> str:
        """The module of the declaration, for results that show something of it."""
        return self.spec.__module__

    @property
    def own_fill(self) -> Fill | None:
        """What removed pixels become by the generator's paper; None where it removes none."""
        defaults: dict[str, Any] = {one.name: one.default for one in fields(self.spec)}  # type: ignore[arg-type]
        return defaults.get("fill")

    def with_fill(self, spec: Spec, fill: Fill | None) -> Spec:
        """Return settings whose removed pixels become this; unchanged without a fill, or where none are removed."""
        if fill is None or self.own_fill is None:
            return spec
        return replace(spec, fill=fill)  # type: ignore[type-var]

    def key_values(self, spec: Spec, mode: str, supervises: bool) -> dict[str, Any]:
        """Return what maps depend on, see depends_on, with the fill where it is not the generator's own."""
        values: dict[str, Any] = self.depends_on(spec, mode, supervises)
        fill: Fill | None = getattr(spec, "fill", None)
        if fill is None or same_fill(fill, self.own_fill):
            return values
        return {**values, "fill": fill if isinstance(fill, str) else list(fill)}

    def spec_from(self, values: Mapping[str, Any], seed: int = 0) -> Spec:
        """Return the settings of a stage, given what its maps depend on.

        Args:
            values: see depends_on; whatever is left out has its default.
            seed: of the run.
        """
        spec = spec_from_values(self.spec, values)
        has_seed = "seed" in (one.name for one in fields(self.spec))  # type: ignore[arg-type]
        return replace(spec, seed=seed) if has_seed else spec  # type: ignore[type-var]


def needs_reference_pixels(mode: str) -> bool:
    """Return whether requests must bring the references' pixels."""
    return mode == BOTH


def values_of(spec: object, *names: str) -> dict[str, Any]:
    """Return the named fields of settings with their values, in this order."""
    return {name: getattr(spec, name) for name in names}
