"""One-shot segmentation (SAM, section 4.3, Table 4) with the model of a finished run, on a folder in VOC's layout.

    sane run CONFIG --until vocabulary
    sane run CONFIG --until embeddings
    python -m benchmarks.one_shot_segmentation CONFIG --voc VOC2012 [--list val] [--folds 0 1 2 3] \\
        [--episodes FILE.csv] [--set key=value ...]

Maps of a test image against its support images seed GrabCut; supports' masks are not used. 1-way 1-shot, 2-way 1-shot
and 2-way 5-shot, with similarity attention, RISE with both images masked, correspondences, and four controls that know
no model: a blob at the centre, a frame that is ground for sure, the whole image, and an empty mask.
Prints mean and binary IoU of each fold in the layout of the paper's Table 4 beside the paper's figures, with 95 %
intervals over test images (`--cluster class`: over classes), and what each row gains over the centre blob.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.one_shot_maps import CENTRE, EVERYTHING, FRAME, NOTHING, ROWS, SeedMaps
from benchmarks.one_shot_tables import SETUPS, print_setup
from flows.configured_runs import run_of_seed
from flows.explain.results import StoredResults
from flows.readers.scorer import load_scorer
from flows.settings.file import load_settings
from pipeline.datasets.image_decoding import FileReading, decode_image
from pipeline.datasets.placing import place_map, scaled_box, view_box
from pipeline.errors import BadDataset, PipelineError
from pipeline.evaluation.segmentation.episode_list import read_episodes
from pipeline.evaluation.segmentation.episodes import DrawnEpisodes, Episode, EpisodeDraw, check_episodes, draw_episodes
from pipeline.evaluation.segmentation.grabcut import GrabCutSpec, cut_out
from pipeline.evaluation.segmentation.iou import Scored, pixel_counts
from pipeline.evaluation.segmentation.seeds import SeedSpec, frame_seeds, seeds_of_map
from pipeline.evaluation.segmentation.voc import FOLDS, VocFolder, classes_in, read_voc
from pipeline.saliency.rise.declaration import RiseSpec
from stores.errors import StoreError


@dataclass(frozen=True)
class Cutting:
    """From maps to masks.

    Attributes:
        fit: how a photograph becomes the model's square, see decode_image.
        picture_px: longer side of the picture that GrabCut cuts; its mask is enlarged to the photograph's size.
        margin_share: of the frame.
    """

    seeds: SeedSpec
    grabcut: GrabCutSpec
    fit: str = "stretch"
    picture_px: int = 160
    margin_share: float = 0.05


@dataclass
class Counter:
    """Pixels of each episode, by row and setup.

    Attributes:
        flat: maps that were the same everywhere, whose object is empty.
    """

    folder: VocFolder
    maps: SeedMaps
    cutting: Cutting
    flat: int = 0

    def __post_init__(self) -> None:
        self._kept: dict[tuple[str, str], np.ndarray] = {}
        self._labels = {name: self.folder.labels(name) for name in self.folder.names}

    def count(self, row: str, episodes: Sequence[Episode]) -> Scored:
        """Segment the test image of each episode and count its pixels."""
        numbers = {name: number for number, name in enumerate(self.folder.names)}
        counts = [pixel_counts(self._found(row, one), self._labels[one.test], one.target) for one in episodes]
        keys = np.array([(one.fold, one.target, numbers[one.test]) for one in episodes], dtype=np.int64).reshape(-1, 3)
        folds_e, targets_e, images_e = keys.T
        return Scored(folds_e, targets_e, images_e, np.array(counts, dtype=np.int64).reshape(-1, 4))

    def _found(self, row: str, episode: Episode) -> np.ndarray:
        """Return bool (y, x) at the photograph's size."""
        key = row, episode.test
        if key in self._kept:
            return self._kept[key]
        found_yx = self._segmented(row, episode)
        if row in (CENTRE, FRAME, EVERYTHING, NOTHING):
            # The same in all episodes of the image.
            self._kept[key] = found_yx
        return found_yx

    def _segmented(self, row: str, episode: Episode) -> np.ndarray:
        photograph = self.folder.photograph(episode.test)
        width, height = photograph.size
        if row in (EVERYTHING, NOTHING):
            return np.full((height, width), row == EVERYTHING)
        scale = self.cutting.picture_px / max(width, height)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        if row == FRAME:
            seeds_yx = frame_seeds(size[1], size[0], self.cutting.margin_share)
        else:
            shown = view_box(self.cutting.fit, photograph.size, self.maps.square_px)
            map_yx = place_map(self.maps.of(row, episode), scaled_box(shown, photograph.size, size), size)
            placed = seeds_of_map(map_yx, self.cutting.seeds)
            if placed is None:
                self.flat += 1
                return np.zeros((height, width), dtype=bool)
            seeds_yx = placed
        picture_hwc = np.asarray(photograph.resize(size, Image.Resampling.BILINEAR))
        cut_yx = cut_out(picture_hwc, seeds_yx, self.cutting.grabcut).astype(np.uint8)
        return cv2.resize(cut_yx, (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)


def setup_of(episode: Episode) -> tuple[int, int]:
    """Return ways and shots."""
    return 2 if episode.other else 1, len(episode.supports)


def listed_episodes(path: Path) -> tuple[Episode, ...]:
    """Return the episodes of a file; see read_episodes for the error, which one of another setup raises as well."""
    listed = read_episodes(path)
    for one in listed:
        if setup_of(one) not in SETUPS.values():
            raise BadDataset(
                expected=f"episodes that are {', '.join(SETUPS)}",
                found="{}-way {}-shot of {}".format(*setup_of(one), one.test),
                where=str(path),
                remedy="give each class of an episode 1 support, or in 2-way 5",
            )
    return listed


def fold_episodes(
    classes_of: Mapping[str, frozenset[int]], listed: Sequence[Episode] | None, draw: EpisodeDraw, folds: Sequence[int]
) -> tuple[list[Episode], int]:
    """Return the episodes of a setup and how many could not be drawn; of listed ones those of the setup."""
    if listed is not None:
        return [one for one in listed if setup_of(one) == (draw.ways, draw.shots) and one.fold in folds], 0
    drawn: list[DrawnEpisodes] = [draw_episodes(classes_of, fold, draw) for fold in folds]
    return [one for of_fold in drawn for one in of_fold.episodes], sum(of_fold.undrawn for of_fold in drawn)


def squares_of(folder: VocFolder, results: StoredResults, fit: str) -> dict[str, np.ndarray]:
    """Return each photograph as the model of the run sees it, but for what `fit` does."""
    dataset, squares = results.settings.dataset, {}
    for name in folder.names:
        path = folder.photograph_path(name)
        asked = (dataset.image_size_px, tuple(dataset.canvas), dataset.effective_resolution_px, FileReading(fit))
        squares[name] = decode_image(path.read_bytes(), str(path), *asked)[0]  # type: ignore[arg-type]
    return squares


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--voc", type=Path, required=True, help="the folder with JPEGImages and SegmentationClass")
    parser.add_argument("--list", dest="list_name", default="val", help="of ImageSets/Segmentation")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)), choices=range(FOLDS))
    parser.add_argument("--setups", nargs="+", default=list(SETUPS), choices=list(SETUPS))
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--episodes", type=Path, default=None, help="a CSV file of episodes, in the place of draws")
    parser.add_argument("--per-image", type=int, default=1, help="episodes of each class of an image")
    parser.add_argument("--other-classes", default="any", choices=["any", "fold"], help="2-way: whose supports")
    parser.add_argument(
        "--smallest-share", type=float, default=0.0, help="of an image's pixels, of a class that counts"
    )
    parser.add_argument("--seed", type=int, default=0, help="of episodes, masks and GrabCut")
    parser.add_argument("--layer", default=None, help="of attention; the last feature map unless named")
    parser.add_argument("--masks", type=int, default=500, help="of RISE and correspondences, for each image")
    parser.add_argument("--support-masks", type=int, default=30, help="of RISE, for the support of each pair")
    parser.add_argument("--cells", type=int, default=14, help="of correspondences, along a side")
    parser.add_argument("--fit", default="stretch", choices=["stretch", "crop", "pad"], help="photograph to square")
    parser.add_argument("--scale", default=SeedSpec.scale, choices=["rank", "range"], help="of the three thresholds")
    parser.add_argument("--sure-object", type=float, default=SeedSpec.sure_object)
    parser.add_argument("--likely-object", type=float, default=SeedSpec.likely_object)
    parser.add_argument("--sure-ground", type=float, default=SeedSpec.sure_ground)
    parser.add_argument("--frame", type=float, default=Cutting.margin_share, help="share of each side")
    parser.add_argument("--iterations", type=int, default=GrabCutSpec.iterations, help="of GrabCut")
    parser.add_argument("--picture-px", type=int, default=Cutting.picture_px, help="longer side that GrabCut cuts")
    parser.add_argument("--cluster", default="image", choices=["image", "class"], help="what intervals resample")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    return parser.parse_args(arguments)


def stored_results(options: argparse.Namespace) -> StoredResults:
    """Return the run whose model is used."""
    settings = load_settings(options.config, options.overrides)
    run = run_of_seed(options.config, options.overrides, settings.seed)
    upstream = run.current()
    if not {"similarity_model", "embeddings"} <= set(upstream.manifests):
        sys.exit(f"no current model: sane run {options.config} --until embeddings makes it")
    return StoredResults(run.settings, {stage.name: stage for stage in run.stages}, upstream)


def segment(options: argparse.Namespace) -> None:
    """Print all that is asked for.

    Raises:
        PipelineError, StoreError: settings, folder, episodes, model or store are refused.
    """
    seeds = SeedSpec(options.scale, options.sure_object, options.likely_object, options.sure_ground)
    grabcut = GrabCutSpec(options.iterations, options.seed)
    cutting = Cutting(seeds, grabcut, options.fit, options.picture_px, options.frame)
    folder = read_voc(options.voc, options.list_name)
    # Every mask is read and checked before the first pass.
    classes_of = {name: classes_in(folder.labels(name), options.smallest_share) for name in folder.names}
    listed = None if options.episodes is None else listed_episodes(options.episodes)
    check_episodes(classes_of, listed or ())
    results = stored_results(options)
    spec = RiseSpec(masks=options.masks, reference_masks=options.support_masks, seed=options.seed)
    squares = squares_of(folder, results, options.fit)
    maps = SeedMaps(load_scorer(results.inputs("embeddings")), squares, spec, options.cells, options.layer)
    cv2.setNumThreads(1)
    counter = Counter(folder, maps, cutting)
    for name in options.setups:
        ways, shots = SETUPS[name]
        draw = EpisodeDraw(options.seed, ways, shots, options.per_image, options.other_classes)  # type: ignore[arg-type]
        episodes, undrawn = fold_episodes(classes_of, listed, draw, options.folds)
        by_fold: dict[int, list[Episode]] = defaultdict(list)
        for one in episodes:
            by_fold[one.fold].append(one)
        print(f"\n{name}: {len(episodes)} episodes of {len({one.target for one in episodes})} classes (", end="")
        print(", ".join(f"{len(by_fold[fold])} of fold {fold}" for fold in options.folds), end="")
        print(f"); {undrawn} more have too few supports")
        if not episodes:
            continue
        counter.flat = 0
        scored = {row: counter.count(row, episodes) for row in options.rows}
        print(f"{counter.flat} maps were the same everywhere and seeded nothing")
        print_setup(name, scored, options.cluster, options.folds)
        sys.stdout.flush()


def main() -> int:
    try:
        segment(options_of())
    except (PipelineError, StoreError) as error:
        sys.exit(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
