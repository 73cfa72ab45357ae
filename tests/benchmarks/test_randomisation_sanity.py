"""The table of the check against random models, from a run's store."""

import pytest

from benchmarks.randomisation_sanity import check_generators, markdown, read_queries
from flows.configured_runs import configured_runs
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun

ASKED = ('saliency.generators=["rise", "centre", "similarity_attention"]',)
TRIPLETS = 'saliency.similarity_attention.modes=["triplet"]'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("run"), epochs="2"))
    finished.run(*ASKED, TRIPLETS, until="negatives.test")
    return finished


def test_every_generator_asked_for_gets_its_row_and_the_centre_blob_fails(run: FinishedRun) -> None:
    found = check_generators(run.settings(*ASKED, TRIPLETS), 4, [1, 99], {"masks": 16})
    assert list(found) == [("rise", "fixed"), ("centre", "fixed"), ("similarity_attention", "triplet")]
    for sanity in found.values():
        assert [step.depth for step in sanity.steps] == [1, 11]
        assert sanity.between_seeds.n_clusters == 4
    assert not found["centre", "fixed"].depends_on_model
    assert found["similarity_attention", "triplet"].between_seeds.value == pytest.approx(1)
    lines = markdown(found).splitlines()
    assert len(lines) == 5
    assert "last 11 random (to `0.0.0`)" in lines[0]
    assert lines[3].startswith("| centre | fixed | 1.000 [1.000, 1.000] |")
    assert lines[3].endswith("| **no** |")


def test_queries_come_with_their_references_and_negatives(run: FinishedRun) -> None:
    upstream = configured_runs(run.settings(*ASKED, TRIPLETS))[0].current()
    few, more = (read_queries(upstream, count, with_negatives=True) for count in (2, 3))
    assert [query.query_id for query in more[:2]] == [query.query_id for query in few]
    for query in few:
        references = len(query.reference_ids)
        assert query.reference_pixels_khwc.shape == (references, 32, 32, 3)
        assert query.negative_pixels_kmhwc is not None
        assert query.negative_pixels_kmhwc.shape == (references, 2, 32, 32, 3)
    assert read_queries(upstream, 1, with_negatives=False)[0].negative_pixels_kmhwc is None


def test_a_run_that_is_not_there_is_named(run: FinishedRun) -> None:
    with pytest.raises(SystemExit, match=r"not current: images, .*negatives\.test"):
        check_generators(run.settings(*ASKED, "store.root=elsewhere"), 4, [1], {})
