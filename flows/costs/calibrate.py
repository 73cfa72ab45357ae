"""Making a calibration, or taking the one that is kept."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from flows.costs.calibration import (
    Calibration,
    calibration_file,
    calibration_key,
    keep_calibration,
    read_calibration,
)
from flows.costs.facts import Facts
from flows.settings.configuration import Settings
from stores.errors import ReadOnlyStore
from stores.location import Location

SAMPLE_ROWS = 64


def calibrated(settings: Settings, facts: Facts, anew: bool, notify: Callable[[str], None]) -> Calibration:
    """Return this device's seconds: those kept beside the artifacts, or measured now and kept there.

    Args:
        settings: of the run.
        facts: of the data.
        anew: measure even where seconds are kept.
        notify: called with a line for the user before anything is measured.

    Raises:
        BadSetting: a CUDA device is asked for and there is none.
    """
    store = Location.parse(settings.store.root)
    key = calibration_key(settings, len(facts.attribute_names))
    place = calibration_file(store, key)
    kept = None if anew else read_calibration(place)
    if kept is not None:
        return kept
    notify(f"calibrating this device once, about 10 s and the time to load torch ({key['device']})")
    seconds = _measure(settings, facts, store)
    try:
        keep_calibration(place, key, seconds)
    except ReadOnlyStore as error:
        notify(f"these seconds could not be kept: {error.found}")
    return seconds


def _measure(settings: Settings, facts: Facts, store: Location) -> Calibration:
    start_up = _load_torch()
    from flows.costs.measure import measure_networks
    from flows.costs.measure_files import ImageSource, measure_images, measure_store
    from flows.engine.device import asked_device, resolve_device
    from pipeline.arithmetic import set_arithmetic

    device = resolve_device(asked_device(settings))
    set_arithmetic(device.threads)
    rows = facts.rows("train")
    graded = all(row["similarity_target"] is not None for row in rows)
    networks = measure_networks(settings, len(facts.attribute_names), graded, device)
    source = ImageSource(facts.image_settings, facts.dataset_root, rows[:SAMPLE_ROWS], facts.attribute_names)
    image, edited_image = measure_images(source)
    written, read = measure_store(store, settings.dataset.image_size_px)
    return Calibration(
        **asdict(networks),
        image=image,
        edited_image=edited_image,
        shard_written=written,
        part_read=read,
        start_up=start_up,
    )


def _load_torch() -> float | None:
    """Return the seconds that loading took, None where torch was there already."""
    if "torch" in sys.modules:
        return None
    # CPU time: a busy machine would make this look longer than all the rest.
    started = time.process_time()
    import flows.jobs.attribute_model
    import flows.jobs.saliency_maps
    import flows.jobs.similarity_model  # noqa: F401

    return time.process_time() - started
