"""[dataset]: the keys that all datasets share, and those that each dataset declares for itself."""

import dataclasses
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from annotated_types import DocInfo
from pydantic import Field, create_model, model_validator

from flows.settings.section import FilePath, Section, Share
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.declaration import GREY, WHITE, DatasetKind
from pipeline.datasets.fitting import CROP
from pipeline.setting_limits import AtMost

ColourValue = Annotated[int, Field(ge=0, le=255)]
ShortSide = Annotated[int, Field(ge=8), AtMost(1_000_000, "no image is so large, so that nothing would be reduced")]
DEFAULT_IMAGE_SIZE_PX, LARGEST_IMAGE_SIZE_PX = 112, 1024
WITH_TABLE = [name for name, kind in DATASETS.items() if kind.needs_table]


def _origins() -> str:
    """Return every kind with where its images come from; neighbours of one origin share it."""
    groups = groupby(DATASETS.values(), key=lambda kind: kind.origin)
    return ", ".join(f"{' or '.join(kind.name for kind in kinds)} ({origin})" for origin, kinds in groups)


def _canvases() -> str:
    """Return what the canvas is for, and which kinds have another than grey unless it is set."""
    colours = {name: kind.canvas_rgb for name, kind in DATASETS.items() if kind.canvas_rgb != GREY}
    shown = [
        f"; {name}: {'white' if colour == WHITE else f'{list(colour)}'} unless set" for name, colour in colours.items()
    ]
    return "RGB behind transparent and blanked pixels" + "".join(shown)


def _fits() -> str:
    """Return what the ways to a square are, and which kinds have another than the papers' unless it is set."""
    others = "".join(f"; {name}: {kind.fit} unless set" for name, kind in DATASETS.items() if kind.fit != CROP)
    return (
        "how photographs become square: crop keeps the centre (the papers'), pad puts the whole on the canvas, "
        f"stretch squeezes it{others}"
    )


def images_as_large_as_the_input(values: Any) -> Any:
    """Return the values of a whole configuration, with the size of images that an own model's larger input asks for.

    Else the model would get enlarged copies, without the detail that the photographs have. A size that is set stays,
    and so does what is not valid: refusing it is for the sections.
    """
    if not isinstance(values, dict):
        return values
    model, dataset = values.get("similarity_model"), values.get("dataset")
    if not isinstance(model, dict) or not isinstance(dataset, dict) or model.get("kind") != "user":
        return values
    side = model.get("input_size_px")
    if type(side) is not int or side <= DEFAULT_IMAGE_SIZE_PX or "image_size_px" in dataset:
        return values
    return {**values, "dataset": {**dataset, "image_size_px": min(side, LARGEST_IMAGE_SIZE_PX)}}


class SharedDatasetSettings(Section):
    """The keys that every dataset has."""

    kind: str = Field(description=_origins())
    root: FilePath | None = Field(None, description="folder of the dataset, relative to the configuration file")
    table: FilePath | None = Field(
        None, description=f"{', '.join(WITH_TABLE)}: CSV or Parquet file with a row for each image"
    )
    follow_links_to: list[FilePath] = Field(
        [], description="folders outside `root` that links in it may lead into, such as a cache of files"
    )
    image_size_px: int = Field(
        DEFAULT_IMAGE_SIZE_PX,
        ge=16,
        le=LARGEST_IMAGE_SIZE_PX,
        description="side of the square images, px; unless set, that of a larger similarity_model.input_size_px",
    )
    canvas: tuple[ColourValue, ColourValue, ColourValue] = Field(GREY, description=_canvases())
    fit: Literal["crop", "pad", "stretch"] = Field("crop", description=_fits())
    bit_depth: int | None = Field(
        None,
        ge=8,
        le=16,
        description="bits that the grey values of 16-bit files really have, such as 12 of many cameras; empty: all 16",
    )
    max_unreadable_share: Share = Field(0.01, description="largest share of unreadable images a run accepts")
    effective_resolution_px: ShortSide | None = Field(
        None,
        description="reduce every image's short side (long side where fit is pad) to this first, so that all carry "
        "equal detail",
    )

    attributes: Literal["labelled", "discovered"] = Field(
        "labelled",
        description="labelled: those that the dataset names; discovered: those of [discovery], and a table needs no "
        "labels; rendered items are not audited then, nor colours edited",
    )

    @property
    def declared(self) -> DatasetKind:
        """What the chosen dataset declares of itself; of discovered attributes nobody knows what an edit would be."""
        kind = DATASETS[self.kind].as_set(self)
        return kind if self.attributes == "labelled" else dataclasses.replace(kind, is_audited=False, colours=None)

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_kind(cls, values: Any) -> Any:
        kind = values.get("kind") if isinstance(values, dict) else None
        if isinstance(kind, str) and kind in DATASETS:
            return {"canvas": DATASETS[kind].canvas_rgb, "fit": DATASETS[kind].fit, **values}
        return values

    @model_validator(mode="after")
    def _places_where_needed(self) -> "SharedDatasetSettings":
        if not self.declared.is_rendered and self.root is None:
            raise ValueError(f"dataset.root is required where dataset.kind is {self.kind!r}")
        if self.declared.needs_table != (self.table is not None):
            kinds = " or ".join(map(repr, WITH_TABLE))
            raise ValueError(f"dataset.table is required where dataset.kind is {kinds}, and only there")
        return self


def _own_fields() -> dict[str, Any]:
    """Return type and definition of each dataset's own keys, those of files first; some datasets share a key."""
    kinds_of: dict[str, list[DatasetKind]] = {}
    for kind in sorted(DATASETS.values(), key=lambda kind: kind.is_rendered):
        for key in kind.own_keys:
            kinds_of.setdefault(key, []).append(kind)
    return {key: _own_field(key, kinds) for key, kinds in kinds_of.items()}


def _own_field(key: str, kinds: list[DatasetKind]) -> tuple[Any, Any]:
    """Return type and definition of a key that these datasets declare alike."""
    settings = kinds[0].settings
    annotated = get_type_hints(settings, include_extras=True)[key]
    (text,) = (each.documentation for each in annotated.__metadata__ if isinstance(each, DocInfo))
    (default,) = (own.default for own in dataclasses.fields(settings) if own.name == key)
    return annotated, Field(default, description=f"{', '.join(kind.name for kind in kinds)}: {text}")


if TYPE_CHECKING:
    DatasetSettings = SharedDatasetSettings
else:
    DatasetSettings = create_model(
        "DatasetSettings",
        __base__=SharedDatasetSettings,
        __module__=__name__,
        __doc__="[dataset]: which images, and how they become pixels.",
        kind=(Literal[tuple(DATASETS)], Field(description=_origins())),
        **_own_fields(),
    )
