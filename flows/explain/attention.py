"""Similarity attention of two to four images, by ids or from files, which may be of another dataset."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from flows.configured_runs import run_of_seed
from flows.explain.images import PairImage, read_image
from flows.explain.named_image import named_image
from flows.explain.results import StoredResults
from flows.explain.saved import check_folder
from flows.readers.scorer import load_scorer
from flows.settings.file import load_settings
from pipeline.report.overlays import overlay
from pipeline.saliency.similarity_attention.tuple_maps import TupleAttention, attention_of_tuples
from stores.errors import MissingArtifact

NEEDED = ("vocabulary", "images", "similarity_model", "embeddings")


@dataclass(frozen=True)
class ExplainedTuple:
    """Why a model finds images alike or apart, as a map of each.

    Attributes:
        images: as asked for: first and second, or anchor, positive, negatives.
        attention: their maps; its first axis is of length 1.
    """

    images: tuple[PairImage, ...]
    attention: TupleAttention

    def save(self, folder: str | Path) -> list[Path]:
        """Write attention.npz (display, native, largest, weights) and a picture N.png of each map that is not flat.

        Raises:
            BadSetting: the folder holds files already, or cannot be written.
        """
        place, found = check_folder(Path(folder)), self.attention
        place.mkdir(parents=True, exist_ok=True)
        arrays = {
            "display_khw": found.display_tkhw[0],
            "native_khw": found.native_tkhw[0],
            "largest_k": found.largest_tk[0],
            "weights_d": found.weights_td[0],
        }
        paths = [place / "attention.npz"]
        np.savez(paths[0], **arrays)
        for number, (image, map_hw) in enumerate(zip(self.images, found.display_tkhw[0], strict=True)):
            picture = overlay(image.shown, map_hw)
            if picture is not None:
                paths.append(place / f"{number}.png")
                Image.fromarray(picture).save(paths[-1])
        return paths


def explain_tuple(
    config: str | Path,
    names: Sequence[str],
    layer: str | None = None,
    same_class: bool = True,
    overrides: Sequence[str] = (),
) -> ExplainedTuple:
    """Return similarity attention of every one of the images, by the model of a run; see attention_of_tuples.

    Args:
        config: the configuration file of a run whose model and embeddings are there.
        names: ids of images of its dataset, or paths of files, such as of another dataset: two, or an anchor, a
            positive and one or two negatives.
        layer: path of a submodule, None for the last feature map.
        same_class: False for two images of two classes: what tells them apart.
        overrides: key=value over the configuration.

    Raises:
        BadSetting: the configuration is refused, a name is neither an id nor a file; or see attention_of_tuples.
        BadImage: a file cannot be read.
        MissingArtifact: model or embeddings are not there.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    run = run_of_seed(Path(config), overrides, load_settings(Path(config), overrides).seed)
    upstream = run.current()
    missing = [stage for stage in NEEDED if stage not in upstream.manifests]
    if missing:
        raise MissingArtifact(
            expected="a trained model, and embeddings",
            found=f"no current {', '.join(missing)}",
            where=str(config),
            remedy=f"run it first: sane run {config} --until vocabulary, then --until embeddings",
        )
    results = StoredResults(run.settings, {stage.name: stage for stage in run.stages}, upstream)
    images = tuple(read_image(results, named_image(results, name)) for name in names)
    scorer = load_scorer(results.inputs("embeddings"))
    pixels_tkhwc = np.stack([image.pixels_hwc for image in images])[None]
    return ExplainedTuple(images, attention_of_tuples(scorer, pixels_tkhwc, layer, same_class))
