"""A user's model in a plan: its passes, and the model itself where it has to be timed."""

from pathlib import Path
from typing import TYPE_CHECKING

from flows.costs.facts import Facts
from flows.costs.parts import FileSize, PartSize, TableSize, TensorsSize, UnknownSize
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.user_model import model_paths, user_model_values
from flows.user_model.files import SAMPLE_IMAGES, model_file_digest
from pipeline.similarity.user_model.check_passes import check_passes

if TYPE_CHECKING:
    from pipeline.similarity.user_model.model import UserModel

ROWS_OF_CHECKS = 6
ROWS_OF_MASK_CHECKS = 4


def passes_of_checks(facts: Facts) -> int:
    """Return the images that the checks embed."""
    return check_passes(min(SAMPLE_IMAGES, len(facts.rows("train", "valid", "test"))))


def checked_model_parts(stage: Stage) -> tuple[PartSize, ...]:
    """Return what the checks leave: a description, two short tables, and a program where the model is one."""
    parts: list[PartSize] = [TensorsSize(0, 0), TableSize("training_history", 0)]
    rows = ROWS_OF_CHECKS
    if stage.settings.get("conditions"):
        # How many masks there are, and how long, is known when the model has been asked.
        rows, parts = rows + ROWS_OF_MASK_CHECKS, [*parts, UnknownSize()]
    parts.append(TableSize("model_checks", rows))
    program = stage.paths["program"]
    if program is not None:
        parts.append(FileSize(Path(program).stat().st_size))
    return tuple(parts)


def load_model_to_time(settings: Settings, device: str) -> "UserModel":
    """Return the model that the settings name, on a device; this runs the user's code.

    Raises:
        BadModel: see `flows.user_model.loading.load_user_model`.
    """
    from flows.user_model.loading import load_user_model

    model = settings.similarity_model
    files = {
        name: model_file_digest(str(path), f"similarity_model.factory_files.{name}")
        for name, path in model.factory_files.items()
    }
    description = {**user_model_values(settings), "files": files, "program": None}
    program = None
    if model.program is not None:
        description["program"] = model_file_digest(str(model.program), "similarity_model.program")
        program = model.program.read_bytes()
    return load_user_model(description, model_paths(model), program, device)
