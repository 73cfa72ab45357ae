"""The `sane init` command: from a folder of images to a configuration that runs."""

import os
import shlex
from collections import Counter
from pathlib import Path
from statistics import median

import typer

from flows.commands.new_configuration.choices import Choices, choose
from flows.commands.new_configuration.class_table import write_table
from flows.commands.new_configuration.configuration_text import configuration_text
from flows.commands.new_configuration.found_dataset import FoundDataset
from flows.commands.new_configuration.recognition import recognise
from flows.settings.dataset import LARGEST_IMAGE_SIZE_PX
from flows.settings.file import load_settings
from pipeline.datasets.records import SPLITS
from pipeline.errors import BadSetting, PipelineError

DEFAULT_CONFIG = "sane.toml"
SMALLEST_IMAGE_SIZE_PX = 16


def init_command(folder: Path, out: Path | None, image_size_px: int | None) -> None:
    """Write a configuration for a folder, with a table where it needs one, and print what was found and chosen.

    Args:
        folder: with the images.
        out: the configuration; None: sane.toml in the current folder, refused within the images' folder.
        image_size_px: side of the square images; None: by the images' sizes.

    Raises:
        BadSetting: a file to be written is there already or cannot be written, or the size is out of range.
        BadDataset: the folder holds nothing that is known, or it is malformed.
    """
    _check_size(image_size_px)
    config = Path(os.path.abspath(DEFAULT_CONFIG if out is None else out))
    new_table = config.with_name(f"{config.stem}.items.csv")
    _refuse_existing(config)
    found = recognise(Path(os.path.abspath(folder)), new_table)
    if out is None and config.parent.resolve().is_relative_to(found.root.resolve()):
        raise BadSetting(
            expected="a place for the configuration outside the folder of images",
            found=f"the current folder, which is {found.root} or within it",
            where=str(config),
            remedy="name the file with --out, or start the command in another folder",
        )
    choices = choose(found, image_size_px)
    text = configuration_text(found, choices, config)
    _write(found, config, text)
    _print(found, choices, out or Path(DEFAULT_CONFIG))


def _check_size(image_size_px: int | None) -> None:
    if image_size_px is not None and not SMALLEST_IMAGE_SIZE_PX <= image_size_px <= LARGEST_IMAGE_SIZE_PX:
        raise BadSetting(
            expected=f"{SMALLEST_IMAGE_SIZE_PX} to {LARGEST_IMAGE_SIZE_PX}",
            found=str(image_size_px),
            where="--image-size-px",
            remedy="choose a size in this range, or leave it out",
        )


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise BadSetting(
            expected="a file that is not there yet",
            found="a folder" if path.is_dir() else "a file, which is left as it is",
            where=str(path),
            remedy="name another file with --out, or move this one away",
        )


def _write(found: FoundDataset, config: Path, text: str) -> None:
    """Write table and configuration and read the latter as a run will; where that fails neither stays."""
    if found.new_table is not None:
        _refuse_existing(found.new_table.path)
    written = []
    try:
        if found.new_table is not None:
            write_table(found.new_table)
            written.append(found.new_table.path)
        with config.open("x", encoding="utf-8", newline="\n") as file:
            written.append(config)
            file.write(text)
        load_settings(config)
    except (OSError, PipelineError) as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, PipelineError):
            raise
        raise BadSetting(
            expected="a place for the configuration that can be written",
            found=error.strerror or str(error),
            where=str(config),
            remedy="name another file with --out",
        ) from error


def _print(found: FoundDataset, choices: Choices, config: Path) -> None:
    records = found.index.records
    splits = Counter(record.split for record in records)
    widths, heights = zip(*found.sizes.size_px_by_path.values(), strict=True) if _has_sizes(found) else ((0,), (0,))
    of_attributes = f", {choices.attribute_epochs} of the attribute models" if found.kind.has_attributes else ""
    counted = ", ".join(f"{splits[split]} {split}" for split in SPLITS)
    lines = [
        f"found in {found.root}: {found.kind.name} ({found.kind.origin})",
        f"  images: {len(records)} ({counted})",
        f"  labels: {len({record.label for record in records})}; attributes: {len(found.index.attribute_names)}",
        f"  sizes: {min(widths)} to {max(widths)} px wide, {min(heights)} to {max(heights)} px high, half of them at "
        f"least {median(widths):g} x {median(heights):g} px (of {len(found.sizes.size_px_by_path)} images)",
        *(f"  {note}" for note in found.notes),
        "chosen",
        f"  image_size_px {choices.image_size_px}, fit {choices.fit}, network {choices.network}",
        *(f"  {key} {value}: {reason}" for key, (value, reason) in found.own_settings.items()),
        f"  epochs {choices.epochs} of the similarity model{of_attributes} (by {splits['train']} training images)",
        "written",
        *([f"  {found.new_table.path}"] if found.new_table is not None else []),
        f"  {config}",
        "next",
        f"  sane plan {shlex.quote(str(config))}",
        f"  sane run {shlex.quote(str(config))}",
    ]
    typer.echo("\n".join(map(_on_one_line, lines)))


def _has_sizes(found: FoundDataset) -> bool:
    return bool(found.sizes.size_px_by_path)


def _on_one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
