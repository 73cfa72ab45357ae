"""The saliency generators by name."""

from pipeline.errors import BadSetting
from pipeline.saliency.contract import SaliencyGenerator
from pipeline.saliency.controls import build_centre, build_random
from pipeline.saliency.rise import RiseSpec, build_rise
from pipeline.similarity.scorer import SimilarityScorer

GENERATOR_NAMES = ("rise", "random", "centre")


def build_generator(name: str, spec: RiseSpec, scorer: SimilarityScorer, image_size_px: int) -> SaliencyGenerator:
    """Return the generator of that name.

    Args:
        name: one of GENERATOR_NAMES.
        spec: settings of RISE; the controls use its seed only.
        scorer: the explained model.
        image_size_px: side of queries and maps.

    Raises:
        BadSetting: unknown name, or settings out of range.
    """
    if name == "rise":
        return build_rise(spec, scorer, image_size_px)
    if name == "random":
        return build_random(spec.seed)
    if name == "centre":
        return build_centre()
    raise BadSetting(
        expected=f"one of {', '.join(GENERATOR_NAMES)}",
        found=repr(name),
        where="saliency.generators",
        remedy="choose a known generator",
    )
