"""Pooling, forward and backward, against the original, PyTorch and a copy of the same bytes.

    python -m benchmarks.pool [--threads 1,2] [--json FILE]

"touched" is the kernel alone, writing into memory that is already mapped: what remains to
the other column is the price of fresh memory.
"""

from . import measure  # isort: skip  (clears OPENBLAS_CORETYPE before NumPy loads)

import argparse

import numpy as np

from cs231n import fast_layers
from cs231n.fast.extensions import kernels, target

from . import original

# x, window, stride
SHAPES = {
    "2x2 stride 2": ((128, 64, 32, 32), 2, 2),
    "3x3 stride 2": ((128, 64, 33, 33), 3, 2),
    "2x2 on 8x8": ((128, 64, 8, 8), 2, 2),
    "2x2 on 14x14": ((128, 64, 14, 14), 2, 2),
    "3x3 stride 1": ((32, 32, 32, 32), 3, 1),
    "4x4 stride 4": ((32, 32, 32, 32), 4, 4),
    "5x5 stride 3": ((32, 32, 32, 32), 5, 3),
}


def touched(x, dout, winner, size, stride, threads):
    """The kernels alone, into memory that they have written before."""
    windows = kernels().Windows(x.shape, (size, size), (stride, stride), dout.shape[2:])
    winner = winner.copy()
    out = np.zeros_like(dout)
    dx = np.zeros_like(x)

    def forward():
        kernels().pool_forward(windows, x, out, winner, threads, target())

    def backward():
        kernels().pool_backward(windows, dout, dx, winner, threads, target())

    return forward, backward


def ways(name, dtype, threads):
    """Forward and backward of each competitor as functions of nothing."""
    shape, size, stride = SHAPES[name]
    rng = np.random.default_rng(231)
    x = rng.standard_normal(shape).astype(dtype)
    pool_param = {"pool_height": size, "pool_width": size, "stride": stride}
    out, cache = fast_layers.max_pool_forward_fast(x, pool_param)
    dout = rng.standard_normal(out.shape).astype(dtype)
    copy = np.zeros_like(x)
    _, original_cache = original.max_pool_forward(x, size, stride)
    found = {
        "copy": lambda: np.copyto(copy, x),
        "fast forward": lambda: fast_layers.max_pool_forward_fast(x, pool_param),
        "fast backward": lambda: fast_layers.max_pool_backward_fast(dout, cache),
        "average forward": lambda: fast_layers.avg_pool_forward_fast(x, pool_param),
        "average backward": lambda: fast_layers.avg_pool_backward_fast(dout, cache[:2]),
        "original forward": lambda: original.max_pool_forward(x, size, stride),
        "original backward": lambda: original.max_pool_backward(dout, original_cache),
    }
    if kernels() is not None:
        forward, backward = touched(x, dout, cache[2], size, stride, threads)
        found |= {"touched forward": forward, "touched backward": backward}
    if torch := measure.optional_torch():
        formats = {"torch": torch.contiguous_format, "channels-last": torch.channels_last}
        for label, layout in formats.items():
            found |= torch_ways(torch, label, x, dout, size, stride, layout)
    return found


def torch_ways(torch, label, x, dout, size, stride, layout):
    tx, tdout = (torch.tensor(a).contiguous(memory_format=layout) for a in (x, dout))
    tx.requires_grad_()
    found = {}
    for kind, pool in (
        (label, torch.nn.functional.max_pool2d),
        (f"{label} average", torch.nn.functional.avg_pool2d),
    ):
        kept = pool(tx, size, stride)
        found[f"{kind} forward"] = lambda pool=pool: pool(tx, size, stride)
        found[f"{kind} backward"] = lambda kept=kept: torch.autograd.grad(
            kept, tx, tdout, retain_graph=True
        )
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtypes", default="float32,float64")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=5, help="for each line of the table")
    parser.add_argument("--cpu", action="store_true", help="processor time where one thread runs")
    parser.add_argument("--json")
    options = parser.parse_args()
    # Before the kernels, whose settings for waiting threads would slow PyTorch's down.
    measure.optional_torch()
    print(f"Fast layers: {fast_layers.backend()} Milliseconds, forward / backward.")
    rows = []
    for name in SHAPES:
        for dtype in options.dtypes.split(","):
            for count in map(int, options.threads.split(",")):
                with measure.threads(count):
                    times = measure.medians(
                        ways(name, dtype, count), options.seconds, options.cpu, count
                    )
                rows.append({"shape": name, "dtype": dtype, "threads": count, "ms": times})
                pairs = "  ".join(
                    f"{who} {times[f'{who} forward']:.2f}/{times[f'{who} backward']:.2f}"
                    for who in (
                        "fast",
                        "touched",
                        "original",
                        "torch",
                        "channels-last",
                        "average",
                        "torch average",
                        "channels-last average",
                    )
                    if f"{who} forward" in times
                )
                print(f"{name:13s} {dtype} {count}  copy {times['copy']:.2f}  {pairs}", flush=True)
    if options.json:
        measure.save(options.json, rows)


if __name__ == "__main__":
    main()
