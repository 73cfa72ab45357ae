"""One-shot segmentation end to end on squares of colour: a map that knows the class beats the controls; both tables."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.one_shot_maps import ATTENTION, CENTRE, CORRESPONDENCES, EVERYTHING, FRAME, RISE, ROWS, SeedMaps
from benchmarks.one_shot_segmentation import Counter, Cutting, fold_episodes, listed_episodes
from benchmarks.one_shot_tables import PAPER_1_WAY, print_setup
from pipeline.datasets.image_decoding import FileReading, decode_image
from pipeline.errors import BadDataset
from pipeline.evaluation.segmentation.episodes import Episode, EpisodeDraw
from pipeline.evaluation.segmentation.grabcut import GrabCutSpec
from pipeline.evaluation.segmentation.iou import mean_iou
from pipeline.evaluation.segmentation.seeds import SeedSpec
from pipeline.evaluation.segmentation.voc import VocFolder, classes_in, read_voc
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.similarity.scorer import SimilarityScorer
from tests.pipeline.evaluation.segmentation.voc_layout import write_voc

SHOWN = {
    **{f"bus{number}": (6,) for number in range(3)},
    **{f"car{number}": (7,) for number in range(3)},
    "both": (6, 7),
    "turned": (7, 6),
}
CUTTING = Cutting(SeedSpec("rank", 0.95, 0.8, 0.5), GrabCutSpec(), "stretch", picture_px=48)


class Colours(nn.Module):
    """Channels of colours apart from grey, averaged over space: attention can say where a colour is."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 6, 5, padding=2, bias=False)
        weights = torch.cat([torch.eye(3), -torch.eye(3)])
        self.layer.weight.data = weights[:, :, None, None].repeat(1, 1, 5, 5) / 25

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return (image, 6)."""
        found: torch.Tensor = torch.relu(self.layer(images_nchw)).square().mean(dim=(2, 3)) + 1e-3
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> VocFolder:
    return read_voc(write_voc(tmp_path_factory.mktemp("voc") / "VOC", SHOWN), "val")


@pytest.fixture(scope="module")
def counter(folder: VocFolder) -> Counter:
    squares = {
        name: decode_image(path.read_bytes(), name, 32, (127, 127, 127), None, FileReading("stretch"))[0]
        for name, path in ((name, folder.photograph_path(name)) for name in folder.names)
    }
    maps = SeedMaps(SimilarityScorer(Colours().eval()), squares, RiseSpec(masks=40, reference_masks=6), 8)
    return Counter(folder, maps, CUTTING)


def classes_of(folder: VocFolder) -> Mapping[str, frozenset[int]]:
    return {name: classes_in(folder.labels(name)) for name in folder.names}


def test_every_row_segments_every_episode_the_same_each_time(folder: VocFolder, counter: Counter) -> None:
    for draw in (EpisodeDraw(0), EpisodeDraw(0, 2, 1), EpisodeDraw(0, 2, 2)):
        episodes, undrawn = fold_episodes(classes_of(folder), None, draw, [1])
        assert (len(episodes), undrawn) == ((10 if draw.ways == 1 else 4), 0)
        for row in ROWS:
            scored, again = counter.count(row, episodes), counter.count(row, episodes)
            assert (scored.counts_e4 == again.counts_e4).all()
            assert scored.targets_e.tolist() == [one.target for one in episodes]
            # The border is counted nowhere.
            sums = [int((folder.labels(one.test) != 255).sum()) for one in episodes]
            assert scored.counts_e4.sum(axis=1).tolist() == sums
            if row == EVERYTHING:
                assert not scored.counts_e4[:, 2:].any()


class KnownMaps:
    """Where the class is, or where the other class is: what a map can say at best and at worst."""

    square_px = 32

    def __init__(self, folder: VocFolder, is_swapped: bool) -> None:
        self.folder, self.is_swapped = folder, is_swapped

    def of(self, _row: str, episode: Episode) -> np.ndarray:
        labels = self.folder.labels(episode.test)
        return (labels == (episode.other if self.is_swapped else episode.target)).astype(float)


def test_a_map_of_the_class_finds_it_and_one_of_the_other_class_does_not(folder: VocFolder, counter: Counter) -> None:
    episodes, _ = fold_episodes(classes_of(folder), None, EpisodeDraw(0, 2, 1), [1])
    found = {
        is_swapped: mean_iou(Counter(folder, KnownMaps(folder, is_swapped), CUTTING).count(ATTENTION, episodes).rows)  # type: ignore[arg-type]
        for is_swapped in (False, True)
    }
    assert found[False] > 0.7
    assert found[True] < 0.1
    for control in (CENTRE, FRAME, EVERYTHING):
        assert found[True] < mean_iou(counter.count(control, episodes).rows) < found[False]


def test_maps_are_of_the_pair_and_average_over_supports(counter: Counter) -> None:
    one, other = Episode(1, "both", 6, ("bus0",)), Episode(1, "both", 7, ("car0",))
    for row in (ATTENTION, RISE, CORRESPONDENCES):
        assert not np.allclose(counter.maps.of(row, one), counter.maps.of(row, other)), row
    for row in (RISE, CORRESPONDENCES):
        both = Episode(1, "both", 6, ("bus0",), 7, ("car0",))
        assert np.allclose(counter.maps.of(row, both), counter.maps.of(row, one) - counter.maps.of(row, other))
    several = Episode(1, "both", 6, ("bus0", "bus1"), 7, ("car0", "car1"))
    single = [Episode(1, "both", 6, (f"bus{place}",), 7, (f"car{place}",)) for place in range(2)]
    for row in (ATTENTION, RISE, CORRESPONDENCES):
        mean = np.mean([counter.maps.of(row, episode) for episode in single], axis=0)
        assert np.allclose(counter.maps.of(row, several), mean), row


def test_the_table_has_the_papers_layout_beside_its_figures(
    folder: VocFolder, counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    episodes, _ = fold_episodes(classes_of(folder), None, EpisodeDraw(0), [1])
    scored = {row: counter.count(row, episodes) for row in (CENTRE, FRAME)}
    print_setup("1-way 1-shot", scored, "image", [0, 1, 2, 3])
    lines = capsys.readouterr().out.splitlines()
    centre = [line.split(" | ") for line in lines if line.startswith(f"| {CENTRE}")]
    assert len(centre) == 2
    # Only fold 1 was asked for.
    assert [cell == "–" for cell in centre[0][2:6]] == [True, False, True, True]
    assert centre[0][3].startswith(f"{100 * mean_iou(scored[CENTRE].rows):.1f} [")
    assert "| SAM, the paper's, VOC | no | 37.9 | 50.3 | 44.4 | 33.8 | 41.6 |  |" in lines
    # The paper's means are those of its folds, but for rounding.
    assert all(abs(np.mean(figures[:4]) - figures[4]) < 0.11 for _, _, figures in PAPER_1_WAY)
    print_setup("2-way 5-shot", scored, "class", [1])
    assert "| SAM, the paper's, VOC | no |  | 60.1 |  |" in capsys.readouterr().out


def test_listed_episodes_take_the_place_of_draws_and_none_is_passed_over(folder: VocFolder, tmp_path: Path) -> None:
    path = tmp_path / "episodes.csv"
    header = "test,class,supports,other_class,other_supports\n"
    path.write_text(header + "both,bus,bus0,,\nboth,bus,bus0,car,car0\n")
    listed = listed_episodes(path)
    for draw, expected in (
        (EpisodeDraw(0), listed[:1]),
        (EpisodeDraw(0, 2, 1), listed[1:]),
        (EpisodeDraw(0, 2, 5), ()),
    ):
        assert fold_episodes(classes_of(folder), listed, draw, [1]) == (list(expected), 0)
        assert fold_episodes(classes_of(folder), listed, draw, [0]) == ([], 0)
    path.write_text(header + "both,bus,bus0 bus1 bus2,,\n")
    with pytest.raises(BadDataset, match="1-way 3-shot of both"):
        listed_episodes(path)
