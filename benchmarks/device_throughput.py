"""What a device can do and what the generators make of it: TFLOP/s of passes, and maps a second of each generator.

    python -m benchmarks.device_throughput --device cuda
    python -m benchmarks.device_throughput --device cpu --share 0.02 --queries 2 --matrix-side 1024

The ceiling is a large matrix product in the same precision. Passes are timed layer by layer and, on CUDA, as a recorded
graph, over batch sizes; the generators then run at the fastest. Needs nothing beside the pipeline's own libraries.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from flows.engine.device import set_arithmetic
from pipeline.networks import fold_batch_norms
from pipeline.saliency.build import build_generator
from pipeline.saliency.contract import SaliencyMaps, SaliencyRequest
from pipeline.similarity.graph_capture import CapturedForward
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer

EMBEDDING_DIM = 64
REFERENCES = 5
MATRIX_REPETITIONS = 10


@dataclass(frozen=True)
class Passes:
    """Bare forward passes of one configuration."""

    precision: str
    kind: str
    batch_size: int
    images_per_second: float
    tflops: float
    share_of_ceiling: float


@dataclass(frozen=True)
class Maps:
    """A generator's maps, from requests on the CPU to maps on the CPU."""

    generator: str
    settings: str
    queries: int
    maps_per_second: float
    passes_per_second: float
    share_of_bare: float
    peak_memory_gb: float


def main() -> int:
    args = _arguments()
    set_arithmetic(args.threads or torch.get_num_threads())
    found: dict[str, Any] = {"device": _name(args.device), "torch": torch.__version__, "ceilings": {}, "sizes": []}
    for precision in args.precisions:
        found["ceilings"][precision] = matrix_tflops(args.device, precision, args.matrix_side)
        print(f"{found['device']}: matrix product in {precision}: {found['ceilings'][precision]:.2f} TFLOP/s")
    for size_px in args.sizes:
        found["sizes"].append(measure_size(size_px, found["ceilings"], args))
        if args.out is not None:  # after each, so that a run that is cut short leaves what it has
            args.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


def matrix_tflops(device: str, precision: str, side: int) -> float:
    """Return the rate of a matrix product of random numbers, the median of several."""
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    seconds = _median_seconds(lambda: left @ right, device, MATRIX_REPETITIONS)
    return 2 * side**3 / seconds / 1e12


def measure_size(size_px: int, ceilings: Mapping[str, float], args: argparse.Namespace) -> dict[str, Any]:
    """Print and return the passes and the maps at one image size."""
    network = fold_batch_norms(build_embedding_network(args.network, EMBEDDING_DIM)).to(args.device)
    network = network.to(memory_format=torch.channels_last)
    flops = _flops_of_an_image(network, size_px, args.device)
    print(f"\n{args.network} at {size_px} px: {flops / 1e9:.3f} GFLOP an image")
    print(f"{'precision':10} {'passes':10} {'batch':>6} {'images/s':>10} {'TFLOP/s':>8} {'of ceiling':>10}")
    passes = []
    for precision in args.precisions:
        for batch_size in args.batches:
            for kind in ("layers", "recorded") if args.device.startswith("cuda") else ("layers",):
                scorer = _scorer(network, args.device, precision, batch_size, kind)
                rate = _images_per_second(scorer, size_px, args.repetitions)
                tflops = rate * flops / 1e12
                passes.append(Passes(precision, kind, batch_size, rate, tflops, tflops / ceilings[precision]))
                print(
                    f"{precision:10} {kind:10} {batch_size:6} {rate:10.0f} {tflops:8.3f} "
                    f"{passes[-1].share_of_ceiling:10.3f}"
                )
    fastest = max(passes, key=lambda one: one.images_per_second)
    scorer = _scorer(network, args.device, fastest.precision, fastest.batch_size, fastest.kind)
    print(f"generators in {fastest.precision}, {fastest.kind}, batches of {fastest.batch_size}:")
    maps = measure_generators(scorer, size_px, fastest.images_per_second, args)
    return {"size_px": size_px, "passes": [asdict(one) for one in passes], "maps": [asdict(one) for one in maps]}


def measure_generators(scorer: SimilarityScorer, size_px: int, bare: float, args: argparse.Namespace) -> list[Maps]:
    """Print and return maps a second of every generator, with a share of the papers' passes."""
    print(f"{'generator':22} {'settings':34} {'maps/s':>8} {'passes/s':>9} {'of bare':>8} {'GB':>6}")
    found = []
    requests = _requests(scorer, size_px, args.queries)
    for name, mode, settings in _generators(args.share):
        generator = build_generator(name, mode, settings, 0, scorer, size_px)
        generator(requests[:1])  # kernels are chosen and passes recorded
        generator(requests[:1])
        if args.device.startswith("cuda"):
            torch.cuda.reset_peak_memory_stats(args.device)
        started = time.perf_counter()
        results = generator(requests)
        seconds = time.perf_counter() - started
        found.append(_maps_row(name, f"{mode} {json.dumps(settings)}", results, seconds, bare, args.device))
        one = found[-1]
        print(
            f"{name:22} {one.settings:34.34} {one.maps_per_second:8.2f} {one.passes_per_second:9.0f} "
            f"{one.share_of_bare:8.3f} {one.peak_memory_gb:6.2f}"
        )
    return found


def _generators(share: float) -> list[tuple[str, str, dict[str, Any]]]:
    """Return generators, modes and settings; `share` of the papers' masks, samples and iterations."""

    def part(count: int) -> int:
        return max(round(count * share), 10)

    balanced = {"scheme": "balanced_regression"}
    return [
        ("rise", "fixed", {"masks": part(2000)}),
        ("rise", "fixed", {"masks": 2 * part(400), **balanced}),
        ("rise", "fixed", {"masks": 2 * part(200), **balanced}),
        ("rise", "both", {"masks": part(2000), "reference_masks": part(30)}),
        ("sliding_window", "fixed", {}),
        ("lime", "fixed", {"samples": part(1000)}),
        ("mask", "fixed", {"iterations": part(500)}),
        ("similarity_attention", "siamese", {}),
        ("grad_cam", "fixed", {}),
        ("activation_decomposition", "fixed", {}),
    ]


def _maps_row(
    name: str, settings: str, results: Sequence[SaliencyMaps], seconds: float, bare: float, device: str
) -> Maps:
    maps = sum(len(one.display_khw) for one in results)
    # A gradient pass is counted as three forward ones: forward, to the activations, and to what precedes them.
    passes = sum(one.forward_passes + 3 * one.gradient_passes for one in results)
    # Reserved, because what a recorded pass works in is not allocated anew when it is replayed.
    memory = torch.cuda.max_memory_reserved(device) / 1e9 if device.startswith("cuda") else float("nan")
    return Maps(name, settings, len(results), maps / seconds, passes / seconds, passes / seconds / bare, memory)


def _requests(scorer: SimilarityScorer, size_px: int, queries: int) -> list[SaliencyRequest]:
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (queries + REFERENCES, 8, 8, 3), dtype=np.uint8)
    enlarged = blocks.repeat(-(-size_px // 8), axis=1).repeat(-(-size_px // 8), axis=2)[:, :size_px, :size_px]
    pixels = np.ascontiguousarray(enlarged)
    references, names = pixels[queries:], tuple(f"reference {number}" for number in range(REFERENCES))
    embeddings = scorer.embed(references)
    return [
        SaliencyRequest(f"query {number}", pixels[number], embeddings, None, names, references)
        for number in range(queries)
    ]


def _scorer(network: torch.nn.Module, device: str, precision: str, batch_size: int, kind: str) -> SimilarityScorer:
    plain = SimilarityScorer(network, device, precision, batch_size)
    recorded = CapturedForward(plain) if kind == "recorded" else None
    return SimilarityScorer(network, device, precision, batch_size, recorded)


def _images_per_second(scorer: SimilarityScorer, size_px: int, repetitions: int) -> float:
    images = torch.randn(scorer.batch_size, 3, size_px, size_px, device=scorer.device)
    images = images.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        run = scorer.replay or scorer.forward
        return scorer.batch_size / _median_seconds(lambda: run(images), scorer.device, repetitions)


def _median_seconds(run: Callable[[], object], device: str, repetitions: int) -> float:
    seconds = []
    for repetition in range(repetitions + 2):  # the first two choose kernels and record
        _wait_for(device)
        started = time.perf_counter()
        run()
        _wait_for(device)
        if repetition >= 2:
            seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


def _wait_for(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _flops_of_an_image(network: torch.nn.Module, size_px: int, device: str) -> float:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, size_px, size_px, device=device))
    return float(counter.get_total_flops())


def _name(device: str) -> str:
    return (
        torch.cuda.get_device_name(device) if device.startswith("cuda") else f"cpu, {torch.get_num_threads()} threads"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--network", default="resnet18_three_stage")
    parser.add_argument("--sizes", type=int, nargs="+", default=[112, 224], metavar="PX")
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 100, 250, 500, 1000, 2000], metavar="IMAGES")
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"], choices=["float32", "bfloat16"])
    parser.add_argument("--queries", type=int, default=20, help="of five references each")
    parser.add_argument("--share", type=float, default=1.0, help="of the papers' masks, samples and iterations")
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--matrix-side", type=int, default=8192)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None, help="JSON file of all figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
