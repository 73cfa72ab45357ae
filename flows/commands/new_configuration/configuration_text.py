"""A commented configuration as TOML."""

import os
import unicodedata
from pathlib import Path

from flows.commands.new_configuration.choices import Choices
from flows.commands.new_configuration.found_dataset import FoundDataset
from flows.settings.similarity_model import DEFAULT_IMAGES_PER_CLASS
from pipeline.errors import BadSetting

_NAMED = {'"': '\\"', "\\": "\\\\"}

_TEXT = """\
# Written by `sane init`. docs/configuration.md lists all keys; those that are not here have the papers' values.
seed = 0

[dataset]
kind = {kind}
# Relative to this file, unless absolute.
{places}
# Side of the square images, px: the papers' 112, or less where the photographs are smaller. Half of it is much faster.
image_size_px = {image_size_px}
# How photographs become square: "crop" keeps the centre, "pad" puts the whole on the canvas, "stretch" squeezes it.
fit = "{fit}"

[store]
# Where results are kept.
root = "store"

[similarity_model]
# The model that is explained, trained here; for one of your own see docs/own-model.md.
kind = "{similarity_kind}"
network = "{network}"
{class_batches}# By the number of training images; training stops earlier where it gains nothing.
epochs = {epochs}

[pairs]
# {pairs_words} More take longer.
train = 2000
valid = 600
test = 1000

[saliency]
# Maps of test pairs; "random" and "centre" are controls. docs/saliency.md describes the others.
generators = ["rise", "random", "centre"]
supervision = "rise"

[saliency.rise]
modes = ["fixed"]
masks = 2000
supervision_masks = 500

[saliency.correspondence]
# Which part of the query goes with which part of the reference.
enabled = true
"""
_PAIRS_WORDS = {
    True: "Most pairs whose maps train the attribute model, that choose weights, and that are explained.",
    False: "Most pairs of each split; those of the test split get maps.",
}
_ATTRIBUTE_TEXT = """
[attribute_model]
backbone = "{backbone}"
batch_size = {attribute_batch_size}
epochs = {attribute_epochs}
"""


def configuration_text(found: FoundDataset, choices: Choices, config: Path) -> str:
    """Return the configuration of a dataset.

    Args:
        found: the dataset.
        choices: what was chosen for it.
        config: the file that will hold it, absolute.

    Raises:
        BadSetting: a path holds what a configuration cannot name.
    """
    table = found.table if found.new_table is None else found.new_table.path
    places = [f"root = {_path_value(found.root, config)}"]
    if table is not None:
        places.append(f"table = {_path_value(table, config)}")
    values = {name: getattr(choices, name) for name in Choices.__dataclass_fields__}
    values["pairs_words"] = _PAIRS_WORDS[found.kind.has_attributes]
    values["class_batches"] = _class_batches(found, choices)
    places += [_own_setting(key, value, reason) for key, (value, reason) in found.own_settings.items()]
    text = _TEXT + (_ATTRIBUTE_TEXT if found.kind.has_attributes else "")
    return text.format(kind=toml_string(found.kind.name), places="\n".join(places), **values)


def _class_batches(found: FoundDataset, choices: Choices) -> str:
    """Return the line that says how many images of a class a batch takes, where the default is too many."""
    if found.kind.has_outfits or choices.images_per_class == DEFAULT_IMAGES_PER_CLASS:
        return ""
    return f"# The smallest class has no more training images.\nimages_per_class = {choices.images_per_class}\n"


def _own_setting(key: str, value: str | int, reason: str) -> str:
    """Return the line of a key, below the reason as a comment; a name in it may hold anything."""
    shown = toml_string(value) if isinstance(value, str) else str(value)
    return f"# Because {''.join(map(_escaped, reason))}.\n{key} = {shown}"


def toml_string(text: str) -> str:
    """Return a text as a basic string of TOML, between double quotes."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    return f"\\u{ord(letter):04x}" if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter


def _path_value(path: Path, config: Path) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in str(path)):
        raise BadSetting(
            expected="a path in UTF-8 without tabs, line breaks and other control characters",
            found=repr(str(path)),
            where="the path of the folder or of the table",
            remedy="rename the folder or the file, or reach it by a link with another name",
        )
    if path.is_relative_to(config.parent):
        relative = os.fspath(path.relative_to(config.parent))
        # A leading "~" would be read as a home folder.
        if not relative.startswith("~"):
            return toml_string(relative)
    return toml_string(os.fspath(path))
