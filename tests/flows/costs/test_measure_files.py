"""Images are timed from files, whether their stage has run or not."""

from pathlib import Path

import pytest

from flows.costs.facts import Facts
from flows.costs.measure_files import ImageSource, measure_images
from flows.engine.plan import plan_stages
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from tests.flows.fake_folder import write_fake_folder
from tests.flows.run_cases import FinishedRun


@pytest.mark.parametrize("until", [None, "images"])
def test_a_folders_images_are_timed_before_and_after_they_were_decoded(tmp_path: Path, until: str | None) -> None:
    own = FinishedRun(write_fake_folder(tmp_path))
    if until is not None:
        own.run(until=until)
    store = ArtifactStore(own.settings().store.root)
    facts = Facts(plan_stages(build_stages(own.settings()), store), store)
    rows = facts.rows("train")
    assert len(rows) == 24
    source = ImageSource(facts.image_settings, facts.dataset_root, rows, facts.attribute_names)
    decoded, edited = measure_images(source)
    assert decoded > 0 == edited
