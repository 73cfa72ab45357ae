"""A small run on the real photographs that SANE_REAL_DATA names, from files to figures."""

import os
from pathlib import Path

import pytest

from flows.code_closure import SOURCE_ROOT
from flows.settings_file import load_settings
from tests.flows.run_cases import run_quietly

from flows.query import query_tables

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

SMALL = (
    "dataset.image_size_px=64",
    "similarity_model.network=small_residual",
    "similarity_model.epochs=1",
    "pairs.train=20",
    "pairs.valid=20",
    "pairs.test=20",
    "saliency.rise.masks=20",
    "saliency.rise.supervision_masks=20",
    "attribute_model.backbone=small_residual",
    "attribute_model.epochs=1",
    "evaluation.bootstrap_samples=100",
    "compute.device=cpu",
    "compute.threads=1",
)
