"""Convolution, forward and backward, against everything that a user could pick instead.

    python -m benchmarks.conv [--shapes S1,S2] [--threads 1,2] [--json FILE] [--plot FILE]

Competitors, interleaved: the original CS231n algorithm, NumPy (`conv_*_strides`), PyTorch
in both layouts if it is installed, and the three bare matrix products of the same sizes.
"""

from . import measure  # isort: skip  (clears OPENBLAS_CORETYPE before NumPy loads)

import argparse

import numpy as np

from cs231n import fast_layers

from . import original

# x (N, C, H, W), w (F, C, HH, WW), stride, pad, and the bar: fast / PyTorch in float32 and float64
SHAPES = {
    "S1": ((100, 3, 31, 31), (25, 3, 3, 3), 2, 1, 0.55, 0.40),
    "S2": ((100, 3, 32, 32), (32, 3, 7, 7), 1, 3, 0.55, 0.25),
    "S3": ((64, 32, 16, 16), (64, 32, 3, 3), 1, 1, 0.75, 0.25),
    "S4": ((128, 64, 32, 32), (64, 64, 3, 3), 1, 1, 0.75, 0.25),
    "S5": ((64, 128, 16, 16), (128, 128, 1, 1), 1, 0, 1.00, 0.55),
    "S6": ((256, 1, 32, 32), (6, 1, 5, 5), 1, 0, 0.20, 0.15),
    "5x5": ((50, 16, 28, 28), (32, 16, 5, 5), 1, 2, 1.1, 1.1),
    "11x11 stride 4": ((16, 3, 115, 115), (48, 3, 11, 11), 4, 0, 1.1, 1.1),
    "7x7 stride 2": ((16, 3, 113, 113), (32, 3, 7, 7), 2, 3, 1.1, 1.1),
    "3x3 stride 2": ((32, 32, 33, 33), (64, 32, 3, 3), 2, 1, 1.1, 1.1),
    "1x1 stride 2": ((32, 64, 29, 29), (96, 64, 1, 1), 2, 0, 1.1, 1.1),
    "rectangular": ((32, 10, 30, 41), (20, 10, 3, 5), 1, 1, 1.1, 1.1),
    "100 channels": ((16, 100, 14, 14), (100, 100, 3, 3), 1, 1, 1.1, 1.1),
    "256 channels": ((16, 256, 14, 14), (256, 256, 3, 3), 1, 1, 1.1, 1.1),
    "8x8 images": ((64, 64, 8, 8), (64, 64, 3, 3), 1, 1, 1.1, 1.1),
    "112x112 images": ((8, 16, 112, 112), (32, 16, 3, 3), 1, 1, 1.1, 1.1),
    "5x5 on 14x14": ((32, 16, 14, 14), (16, 16, 5, 5), 1, 2, 1.1, 1.1),
    "batch 1 32x32": ((1, 16, 32, 32), (32, 16, 3, 3), 1, 1, 1.1, 1.1),
    "batch 1": ((1, 64, 56, 56), (64, 64, 3, 3), 1, 1, 1.1, 1.1),
}
COMPETITORS = ("original", "numpy", "torch", "torch channels-last", "gemm")


def arrays(name, dtype):
    """x, w, b of a shape and a dout that fits, from a fixed seed."""
    x_shape, w_shape, stride, pad = SHAPES[name][:4]
    rng = np.random.default_rng(231)
    x, w, b = (rng.standard_normal(s).astype(dtype) for s in (x_shape, w_shape, w_shape[:1]))
    out, _ = fast_layers.conv_forward_fast(x, w, b, {"stride": stride, "pad": pad})
    return x, w, b, rng.standard_normal(out.shape).astype(dtype)


def ways(name, dtype):
    """Each competitor as a function of nothing: forward, then all three gradients."""
    stride, pad = SHAPES[name][2:4]
    x, w, b, dout = arrays(name, dtype)
    conv_param = {"stride": stride, "pad": pad}

    def fast():
        out, cache = fast_layers.conv_forward_fast(x, w, b, conv_param)
        return out, fast_layers.conv_backward_fast(dout, cache)

    def plain_numpy():
        out, cache = fast_layers.conv_forward_strides(x, w, b, conv_param)
        return out, fast_layers.conv_backward_strides(dout, cache)

    def cs231n():
        out, cache = original.conv_forward(x, w, b, stride, pad)
        return out, original.conv_backward(dout, cache)

    F = len(w)
    taps = w[0].size
    windows = dout.size // F
    left = w.reshape(F, taps)
    cols = np.ones((taps, windows), dtype)
    flat = np.ones((F, windows), dtype)
    out = np.empty((F, windows), dtype)
    dcols = np.empty_like(cols)
    dw = left.copy()

    def gemm():
        np.matmul(left, cols, out=out)
        np.matmul(left.T, flat, out=dcols)
        np.matmul(flat, cols.T, out=dw)

    found = {"fast": fast, "original": cs231n, "numpy": plain_numpy, "gemm": gemm}
    if torch := measure.optional_torch():
        formats = {"torch": torch.contiguous_format, "torch channels-last": torch.channels_last}
        for label, layout in formats.items():
            found[label] = torch_way(torch, x, w, b, dout, stride, pad, layout)
    return found


def torch_way(torch, x, w, b, dout, stride, pad, layout):
    tx, tw, tdout = (torch.tensor(a).contiguous(memory_format=layout) for a in (x, w, dout))
    leaves = [tx.requires_grad_(), tw.requires_grad_(), torch.tensor(b, requires_grad=True)]

    def way():
        out = torch.nn.functional.conv2d(*leaves, stride, pad)
        return out, torch.autograd.grad(out, leaves, tdout)

    return way


def row(name, dtype, count, seconds, cpu):
    """One line of the table as a dict."""
    with measure.threads(count):
        found = ways(name, dtype)
        times = measure.medians(found, seconds, cpu, count)
        memory = {way: measure.extra_memory(found[way]) for way in ("fast", "original")}
    torch = [times[way] for way in times if way.startswith("torch")]
    bar = SHAPES[name][4 if dtype == "float32" else 5]
    ratio = times["fast"] / min(torch) if torch else None
    return {
        "shape": name,
        "dtype": dtype,
        "threads": count,
        "ms": times,
        "ratio": ratio,
        "bar": bar,
        "MB": memory,
    }


def line(r):
    others = " ".join(f"{r['ms'].get(way, float('nan')):9.2f}" for way in COMPETITORS)
    ratio = "   -  " if r["ratio"] is None else f"{r['ratio']:6.3f}"
    verdict = "" if r["ratio"] is None else "met" if r["ratio"] <= r["bar"] else "missed"
    memory = " / ".join("-" if m is None else f"{m:.0f}" for m in r["MB"].values())
    return (
        f"{r['shape']:15s} {r['dtype']} {r['threads']}  {r['ms']['fast']:8.2f} {others}  {ratio}"
        f"  {r['bar']:.2f} {verdict:6s}  {memory}"
    )


def relative_time(times, way):
    """The time of the best variant of a way relative to the fast layers; NaN without one."""
    found = [time for name, time in times.items() if name.startswith(way)]
    return min(found, default=np.nan) / times["fast"]


def plot(rows, path):
    """The time relative to the fast layers, one thread, float32 and float64."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    colors = {"original": "#D55E00", "torch": "#009E73", "gemm": "#CC79A7"}
    fig, axes = plt.subplots(2, 1, figsize=(9, 6), sharex=True)
    for ax, dtype in zip(axes, ("float32", "float64")):
        chosen = [r for r in rows if r["dtype"] == dtype and r["threads"] == 1]
        for k, (way, color) in enumerate(colors.items()):
            heights = [relative_time(r["ms"], way) for r in chosen]
            ax.plot(heights, "os^"[k], color=color, label=way)
        ax.axhline(1, color="black", linewidth=1)
        ax.set(ylabel="time / time of the fast layers", yscale="log", title=dtype)
        ax.set_xticks(range(len(chosen)), [r["shape"] for r in chosen], rotation=40, ha="right")
        ax.minorticks_off()
    axes[0].legend(ncols=3)
    fig.suptitle(
        "Forward and backward, one thread: marks above the line are slower than the fast layers"
    )
    fig.tight_layout()
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # text as text: a third of the size
        fig.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--dtypes", default="float32,float64")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=5, help="for each line of the table")
    parser.add_argument("--cpu", action="store_true", help="processor time where one thread runs")
    parser.add_argument("--json")
    parser.add_argument("--plot")
    options = parser.parse_args()
    # Before the kernels, whose settings for waiting threads would slow PyTorch's down.
    measure.optional_torch()
    print(
        f"Fast layers: {fast_layers.backend()} "
        "Milliseconds, forward + backward; ratio to the better PyTorch."
    )
    print(
        "shape           dtype threads  fast  original     numpy     torch  channels-l      gemm"
        "   ratio   bar         MB fast / original"
    )
    rows = []
    for name in options.shapes.split(","):
        for dtype in options.dtypes.split(","):
            for count in map(int, options.threads.split(",")):
                rows.append(row(name, dtype, count, options.seconds, options.cpu))
                print(line(rows[-1]), flush=True)
    if options.json:
        measure.save(options.json, rows)
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
