"""Whether maps depend on the model: their agreement with maps of copies whose layers are made random, by generator.

    python benchmarks/randomisation_sanity.py CONFIG [--queries 20] [--depths 1 3] [--spec masks=200] [--set key=value]

Reads similarity model, images and test pairs of a finished run; makes maps of a few queries by each generator that
the configuration asks for, in each of its modes, anew. Layers become random from the output backwards: the last one,
the last three, ..., and always all of them. Beside it stands how two seeds of the generator agree on the model as it
is: what noise alone costs. --spec replaces a number of all generators that have it, so that the check is quick.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from flows.auto_compute.resolve import resolved
from flows.configured_runs import ConfiguredRun
from flows.engine.device import resolve_device, set_arithmetic
from flows.engine.shard_task import JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.readers.conditions import read_condition_masks
from flows.readers.image_lookup import PixelLookup
from flows.readers.scorer import load_scorer
from flows.settings.compute import asked_device
from flows.settings.configuration import Settings
from flows.settings.file import load_settings, run_seeds
from flows.stages.generator_spec import generator_spec
from flows.stages.negatives import STAGE as NEGATIVES
from flows.stages.user_model import model_paths
from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.randomisation_sanity import RandomisationSanity, SanityQuery, cascade, check_randomisation
from pipeline.saliency.build import build_generator
from pipeline.saliency.catalogue import needs_negatives
from pipeline.saliency.contract import SaliencyGenerator
from pipeline.similarity.scorer import SimilarityScorer

READ = ("images", "similarity_model", "pairs.test")


def read_scorer(settings: Settings, upstream: Upstream) -> SimilarityScorer:
    """Return the run's similarity model on the device that the settings ask for."""
    device = resolve_device(asked_device(settings))
    set_arithmetic(device.threads)
    paths = dict(model_paths(settings.similarity_model))
    values = {"precision": resolved(settings).compute.precision}
    task = ShardTask(settings.store.root, "check", "saliency_maps", "", "", values, paths, {}, {}, device)
    return load_scorer(JobInputs(task, upstream))


def read_queries(upstream: Upstream, count: int, with_negatives: bool) -> list[SanityQuery]:
    """Return as many test queries, in the order of their hashes, with all their references."""
    pairs_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for pair in upstream.rows("pairs.test", "pairs"):
        pairs_of[pair["query"]].append(pair)
    negatives_of: dict[str, list[str]] = defaultdict(list)
    for row in upstream.rows(NEGATIVES, "negatives") if with_negatives else []:
        negatives_of[row["pair_id"]].append(row["image_id"])
    images = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
    masks = read_condition_masks(upstream)
    found = []
    for query in sorted(pairs_of, key=lambda name: sha256(name.encode()).digest())[:count]:
        pairs = pairs_of[query]
        contrasts = [negatives_of[pair["pair_id"]] for pair in pairs] if with_negatives else []
        found.append(
            SanityQuery(
                query,
                images.of(query),
                tuple(pair["reference"] for pair in pairs),
                np.stack([images.of(pair["reference"]) for pair in pairs]),
                None if masks is None else masks.of([pair["condition"] for pair in pairs]),
                np.stack([np.stack([images.of(name) for name in names]) for names in contrasts]) if contrasts else None,
            )
        )
    return found


def check_generators(
    settings: Settings, queries: int, depths: Sequence[int], replaced: dict[str, int]
) -> dict[tuple[str, str], RandomisationSanity]:
    """Return what the check found of each generator and mode of one seed's run."""
    upstream = ConfiguredRun(resolved(settings)).current()
    shown = settings.saliency.generator_modes
    contrasts = any(needs_negatives(*one) for one in shown)
    missing = [stage for stage in (*READ, *([NEGATIVES] if contrasts else [])) if stage not in upstream.manifests]
    if missing:
        sys.exit(f"not current: {', '.join(missing)}; run this configuration first")
    scorer, chosen = read_scorer(settings, upstream), read_queries(upstream, queries, contrasts)
    layers = len(cascade(scorer.network))
    reached = sorted({*(depth for depth in depths if depth < layers), layers})
    found = {}
    for name, mode in shown:
        spec = generator_spec(settings, name, mode)
        spec |= {key: value for key, value in replaced.items() if key in spec}

        def build(
            scorer: SimilarityScorer, seed: int, name: str = name, mode: str = mode, spec: dict[str, Any] = spec
        ) -> SaliencyGenerator:
            return build_generator(name, mode, spec, seed, scorer, settings.dataset.image_size_px)

        samples = settings.evaluation.bootstrap_samples
        found[name, mode] = check_randomisation(build, scorer, chosen, reached, seed=settings.seed, samples=samples)
        print(f"{name} {mode}: done", file=sys.stderr)
    return found


def markdown(found: dict[tuple[str, str], RandomisationSanity]) -> str:
    """Return the table: mean Spearman correlation with its 95 % interval, by depth of the cascade."""
    steps = next(iter(found.values())).steps
    heads = [f"last {step.depth} random (to `{step.layer}`)" for step in steps]
    lines = [f"| generator | mode | two seeds | {' | '.join(heads)} | passes |", "| --- " * (len(heads) + 4) + "|"]
    for (name, mode), sanity in found.items():
        cells = [_cell(sanity.between_seeds), *(_cell(step.agreement) for step in sanity.steps)]
        verdict = "yes" if sanity.depends_on_model else "**no**"
        lines.append(f"| {name} | {mode} | {' | '.join(cells)} | {verdict} |")
    return "\n".join(lines)


def _cell(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--depths", type=int, nargs="*", default=[1, 3])
    parser.add_argument("--spec", action="append", default=[], metavar="key=number")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    replaced = {key: int(value) for key, _, value in (item.partition("=") for item in arguments.spec)}
    for seed in run_seeds(load_settings(arguments.config, arguments.overrides)):
        settings = load_settings(arguments.config, [*arguments.overrides, f"seed={seed}", "evaluation.seeds=[]"])
        found = check_generators(settings, arguments.queries, arguments.depths, replaced)
        print(
            f"\nseed {seed}: agreement of maps with those of randomised models, {arguments.queries} queries at most\n"
        )
        print(markdown(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
