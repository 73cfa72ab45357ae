"""A similarity model in one file: a program saved by torch.export.

A program is code in another form: whoever loads one trusts it. Pickled objects in it, which would run anything on
loading, are refused; that does not make the file of a stranger safe, because torch's own reader promises no such thing.
"""

import io
import logging
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from pipeline.errors import BadModel
from pipeline.similarity.user_model.program_batches import BatchedProgram, batch_limits

# Entries of an archive that torch reads as pickled objects of any class.
PICKLED_OBJECTS = ("custom_obj_", "opaque_obj_")
FORCE_WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


def load_program(data: bytes, device: str, where: str) -> BatchedProgram:
    """Return the program as a module on a device: float32 images (image, 3, y, x) to vectors (image, D).

    It takes any number of images, in passes of the sizes that it was exported for.

    Args:
        data: the file's content.
        device: where it runs; tensors that the program makes itself are moved there, too.
        where: names the file in messages.

    Raises:
        BadModel: not a program of torch.export, one that holds pickled objects, or one that fails to load.
    """
    names = _names_in_archive(data, where)
    _refuse_pickled_objects(names, where)
    _refuse_other_files_of_torch(names, where)
    try:
        with _weights_only(), _quiet():
            program: Any = torch.export.load(io.BytesIO(data))
            limits = batch_limits(program)
            if device != "cpu":
                from torch.export.passes import move_to_device_pass

                program = move_to_device_pass(program, device)
            module: torch.nn.Module = program.module()
    except Exception as error:  # whatever a damaged or foreign archive sets off in torch's reader
        # Its first sentence: a later one may advise to switch the protection off.
        raise _refused(where, f"{type(error).__name__}: {str(error).partition('. ')[0][:300]}") from error
    return BatchedProgram(module, limits)


def _names_in_archive(data: bytes, where: str) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # torch's reader finds entries whatever their case.
            return [name.lower() for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise _refused(where, f"no archive ({error})") from error


def _refuse_pickled_objects(names: list[str], where: str) -> None:
    pickled = [name for name in names if any(f"/{prefix}" in name for prefix in PICKLED_OBJECTS)]
    if pickled:
        raise _refused(where, f"pickled objects: {', '.join(pickled[:3])}")


def _refuse_other_files_of_torch(names: list[str], where: str) -> None:
    """Tell what else torch writes into archives by what it is: its own reader gives another reason."""
    below_top = {name.partition("/")[2] for name in names}
    if "data.pkl" not in below_top:
        return
    script = any(name.startswith("code/") for name in below_top)
    raise BadModel(
        expected="a program saved by torch.export.save",
        found="a TorchScript program, saved by torch.jit.save"
        if script
        else "what looks like weights (a state dict), or a module, saved by torch.save",
        where=where,
        remedy="export the model with torch.export; or write a factory that builds the network and loads this file: "
        'similarity_model.factory, with factory_files = { weights = "..." } instead of program',
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch from logging a traceback of a refused file: the message says what matters."""
    logger = logging.getLogger("torch.export")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _weights_only() -> Iterator[None]:
    """Make torch.load, which torch.export.load calls, refuse everything but tensors while this lasts."""
    before = os.environ.get(FORCE_WEIGHTS_ONLY)
    os.environ[FORCE_WEIGHTS_ONLY] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[FORCE_WEIGHTS_ONLY]
        else:
            os.environ[FORCE_WEIGHTS_ONLY] = before


def _refused(where: str, found: str) -> BadModel:
    return BadModel(
        expected="a program saved by torch.export.save, of tensors and operators alone",
        found=found,
        where=where,
        remedy="export the model again with this version of torch, or use similarity_model.factory",
    )
