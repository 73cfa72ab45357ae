"""What a dataset declares of itself: its settings, its files, the modules that make its index and pixels, its truths.

Imports no torch and no decoder: the module that makes pixels is loaded when the first image is wanted.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from pipeline.datasets.fitting import CROP
from pipeline.datasets.parts import LocatedParts
from pipeline.datasets.records import DatasetIndex, IndexSource, PixelSource

GREY, WHITE = (127, 127, 127), (255, 255, 255)
# What the pixels of an image file depend on, and the module that decodes it.
FILE_SETTINGS = ("kind", "image_size_px", "canvas", "effective_resolution_px")
FILE_DECODER = "pipeline.datasets.image_decoding"
# Likewise, added when images were kept already: at these values they are left out of the key, and kept images stay.
LATER_FILE_SETTINGS: Mapping[str, Any] = MappingProxyType({"fit": CROP, "bit_depth": None})

# What pairs share at the most, so that they are no independent draws: intervals resample whole ones.
QUERY, CLASS, OUTFIT = "query", "class", "outfit"

# Returns uint8 (y, x, rgb) pixels and the (width, height) of the source in px; raises BadImage.
MakePixels = Callable[[PixelSource, Mapping[str, Any]], tuple[np.ndarray, tuple[int, int]]]
# Returns what is odd about a file that can be read, and the remedy; None where nothing is.
NoteFile = Callable[[PixelSource, Mapping[str, Any]], str | None]


@dataclass(frozen=True)
class SuitedSettings:
    """Settings that suit a folder where the defaults do not.

    Attributes:
        settings: of the dataset's own keys.
        reasons: why a key has not its default, in words, by key.
    """

    settings: Any
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class NoSettings:
    """A dataset without settings of its own."""


@dataclass(frozen=True)
class Variant:
    """What a dataset declares otherwise where one of its own keys is not at its default.

    Attributes:
        key: the key; at its default it is in no result's key, so that results without it stay.
        changes: values of the declaration's fields, by name.
    """

    key: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class EditableColours:
    """What a dataset's labels say about the colours of its items, which can then be edited on the photographs.

    Attributes:
        prefix: that the names of colour attributes begin with.
        patterns: attributes of items that have more than one colour.
        types: labels of items that are shown alone, not on a person, whose skin would be recoloured too.
    """

    prefix: str
    patterns: tuple[str, ...]
    types: tuple[str, ...]


@dataclass(frozen=True)
class DatasetKind:
    """One value of `dataset.kind`, and all that the rest of the project knows of it.

    Attributes:
        name: the value.
        origin: where its images come from, in a few words for the page of settings.
        settings: frozen dataclass of the keys of [dataset] that are its own, each with a default, its limits and
            `annotated_types.doc`; no other dataset has a key of the same name, but where they share the dataclass.
        pixel_settings: names of the keys, shared and own, that change pixels or labels: those in the key of each image.
            Its other own keys are whole numbers that limit how many items there are.
        build_index: makes the index from its settings and its source, without opening an image; raises BadDataset.
        index_module: the module that does it, and on which the vocabulary depends.
        pixels_module: the module whose function `make_pixels` makes the pixels of one image, and on which they depend.
        index_files: every file and folder below the root, given with the settings, whose change changes the index.
        suit: its settings for a folder, from what is there; what is missing or malformed leaves a default, for the
            index to refuse. None: the defaults suit any.
        layouts: sets of paths below the root; where all of one are there, the folder holds this release. None: it does
            where most of the index files at its top are.
        needs_table: its rows come from `dataset.table`.
        is_rendered: it has no files and no `dataset.root`; its pixels follow from ids.
        is_audited: its items can be rendered again with one attribute changed, so explanations are audited.
        has_graded_similarity: its records have similarity targets, and images match above `pairs.match_threshold`;
            else images of one label match.
        has_outfits: its index is an OutfitIndex, and images match that were put together.
        shared_unit: the coarsest thing that its pairs share: QUERY; CLASS, where attributes are labelled by class, so
            that classes are the sample, not their images; or OUTFIT, whose pairs share images.
        has_attributes: its images have attributes; else nothing is explained in words, and no stage of attributes is
            there: a run makes maps and measures retrieval.
        is_for_retrieval: retrieval is measured unless `evaluation.retrieval` says otherwise.
        recall_ranks: K of each Recall@K that is measured there, or k of each rank-k over cameras.
        has_cameras: its index is a CameraIndex, and a query's matches by its own camera do not count.
        has_sparse_labels: many of its images' attributes are not labelled, so what predictors are sure of counts, too,
            where replacements are chosen.
        colours: its items' colours can be edited on white ground, so their effects are measured; None: they cannot.
        parts: that its release locates on photographs, so that maps can be held against them; None: it locates none.
        variant: what it is otherwise by one of its own keys, which then counts among `pixel_settings`; None: nothing.
        canvas_rgb: `dataset.canvas` unless set.
        fit: `dataset.fit` unless set.
    """

    name: str
    origin: str
    settings: type[Any]
    pixel_settings: tuple[str, ...]
    build_index: Callable[[Any, IndexSource], DatasetIndex]
    index_module: str
    pixels_module: str = FILE_DECODER
    index_files: Callable[[Any, Path], Sequence[Path]] | None = None
    suit: Callable[[Path], SuitedSettings] | None = None
    layouts: tuple[tuple[str, ...], ...] = ()
    needs_table: bool = False
    is_rendered: bool = False
    is_audited: bool = False
    has_graded_similarity: bool = False
    has_outfits: bool = False
    shared_unit: str = QUERY
    has_attributes: bool = True
    is_for_retrieval: bool = False
    recall_ranks: tuple[int, ...] = (1, 2, 4, 8)
    has_cameras: bool = False
    has_sparse_labels: bool = False
    colours: EditableColours | None = None
    parts: LocatedParts | None = None
    # Not hashed: changes are a mapping.
    variant: Variant | None = field(default=None, hash=False)
    canvas_rgb: tuple[int, int, int] = GREY
    fit: str = CROP

    @property
    def own_keys(self) -> tuple[str, ...]:
        """Names of the settings that only this dataset has."""
        return tuple(key.name for key in fields(self.settings))

    def as_set(self, settings: Any) -> "DatasetKind":
        """Return what the dataset is under these values of its own keys: itself, or its variant."""
        variant = self.variant
        if variant is None or getattr(settings, variant.key) == getattr(self.settings(), variant.key):
            return self
        return replace(self, pixel_settings=(*self.pixel_settings, variant.key), **variant.changes)

    @property
    def item_limits(self) -> tuple[str, ...]:
        """Names of its own settings that say how many items there are, and change none of them."""
        later = self.later_settings
        return tuple(name for name in self.own_keys if name not in self.pixel_settings and name not in later)

    def suited_settings(self, root: Path) -> SuitedSettings:
        """Return its settings for a folder of its release, the defaults wherever they suit."""
        return SuitedSettings(self.settings(), {}) if self.suit is None else self.suit(root)

    @property
    def has_photographs(self) -> bool:
        """Whether its images are files that `pipeline.datasets.image_decoding` makes square."""
        return not self.is_rendered and self.pixels_module == FILE_DECODER

    @property
    def later_settings(self) -> Mapping[str, Any]:
        """Further keys that change pixels, each with the value at which it is left out of the key of an image."""
        of_files = LATER_FILE_SETTINGS if self.pixels_module == FILE_DECODER else {}
        if self.variant is None:
            return of_files
        return {**of_files, self.variant.key: getattr(self.settings(), self.variant.key)}

    def note_function(self) -> NoteFile | None:
        """Return the function that says what is odd about an image's file; None where images have none."""
        if self.pixels_module != FILE_DECODER:
            return None
        note_file: NoteFile = importlib.import_module(self.pixels_module).note_file
        return note_file

    def pixel_function(self) -> MakePixels:
        """Return the function that makes the pixels of one image; its module is imported now, not before."""
        make_pixels: MakePixels = importlib.import_module(self.pixels_module).make_pixels
        return make_pixels
