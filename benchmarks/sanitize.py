"""Run the compiled kernels under AddressSanitizer and UndefinedBehaviorSanitizer.

    python -m benchmarks.sanitize --cases 3000

builds the kernels with both sanitizers in a temporary folder, then sends random
convolutions and poolings through every instruction set of this processor and compares
the results with NumPy. Every array is allocated by itself with the exact size, so that
a kernel that reads or writes one entry too far is caught. Exits 1 at the first finding.
"""

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np

SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
WARN = ["-Wall", "-Wextra"]


def runtime(compiler):
    """The sanitizers' library, which has to be loaded before Python is, and what links it."""
    for name, flags in (
        (f"libclang_rt.asan-{platform.machine()}.so", ["-shared-libasan"]),
        ("libasan.so", []),
    ):
        library = subprocess.run(
            [compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        if os.path.isabs(library):
            return library, flags
    raise SystemExit(
        f"{compiler} has no library of AddressSanitizer. "
        "Install it, or name another compiler with --cc."
    )


def build(compiler, flags, folder):
    """Compile the kernels with sanitizers and return the path of the module."""
    package = Path(__file__).parents[1] / "cs231n" / "fast"
    door = Path(folder, "_kernels.c")
    module = Path(folder, "_kernels.so")
    cython = [sys.executable, "-m", "cython", "-3", package / "_kernels.pyx", "-o", door]
    subprocess.run(cython, check=True)
    sources = [door, *sorted(package.glob("kernels/*.c"))]
    include = [f"-I{path}" for path in (package, np.get_include(), sysconfig.get_path("include"))]
    options = [
        *flags,
        *WARN,
        *SANITIZE,
        "-O1",
        "-g",
        "-shared",
        "-fPIC",
        "-fopenmp",
        "-DNPY_NO_DEPRECATED_API=NPY_1_7_API_VERSION",
        "-DNPY_TARGET_VERSION=NPY_1_22_API_VERSION",
        "-DMIN_REUSED=SIZE_MAX",  # memory used again has no red zones
    ]
    subprocess.run([compiler, *options, *include, *sources, "-o", module], check=True)
    return module


def exact(rng, shape, dtype):
    """Random numbers in memory of their own: malloc, so that red zones lie on both sides."""
    return np.array(rng.standard_normal(shape), dtype=dtype)


def convolution(rng):
    """Sizes of a convolution that fits.

    Now and then a wide image or many planes, which are computed in strips or in turns.
    """
    kind = str(rng.choice(["plain", "wide", "sums", "uneven"], p=[0.82, 0.05, 0.03, 0.1]))
    most = int(rng.choice([6, 14, 40]))
    while True:
        size, stride, pad, out = (
            tuple(map(int, rng.integers(low, high, 2)))
            for low, high in ((1, 6), (1, 5), (0, 5), (1, most))
        )
        if rng.random() < (0.8 if kind == "wide" else 0.4):
            size = (3, 3)
            stride = pad = (1, 1)
        if kind == "wide":
            out = (int(rng.integers(1, 8)), int(rng.integers(500, 3000)))
        if kind == "sums":
            size = (min(size[0], 2), min(size[1], 2))
            out = (min(out[0], 3), min(out[1], 3))
        dilation = (1, 1) if rng.random() < 0.8 else (2, 3)
        image = [
            (o - 1) * s + d * (k - 1) + 1 - 2 * p
            for o, s, d, k, p in zip(out, stride, dilation, size, pad)
        ]
        if min(image) > 0:
            break
    groups = 1 if rng.random() < 0.8 else 2
    N, C, F = (int(rng.integers(1, 10)) for _ in range(3))
    if kind == "wide":
        N = 1
        C = int(rng.integers(4, 60))
        F = int(rng.integers(4, 30))
    if kind == "sums":  # of dw, more than are held at once
        N = 1
        C = int(rng.integers(600, 1100))
        F = int(rng.integers(900, 1100))
    if kind == "uneven":  # more than a copy holds at once, on one side
        N, C, F = [(1, 60 * C, F), (1, C, 60 * F)][int(rng.integers(2))]
    C *= groups
    F *= groups
    conv_param = {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups}
    return (N, C, *image), (F, C // groups, *size), conv_param


def close(actual, expected, tolerance):
    scale = max(1.0, np.abs(expected).max(initial=0))
    assert np.abs(actual - expected).max(initial=0) <= tolerance * scale, (actual.shape, tolerance)


def check_convolution(rng, dtype, layers):
    x_shape, w_shape, conv_param = convolution(rng)
    arrays = [exact(rng, shape, dtype) for shape in (x_shape, w_shape, w_shape[:1])]
    wide = [a.astype(float) for a in arrays]
    out, cache = layers.conv_forward_fast(*arrays, conv_param)
    right, right_cache = layers.conv_forward_strides(*wide, conv_param)
    dout = exact(rng, out.shape, dtype)
    tolerance = 1e-12 if dtype == np.float64 else 2e-5
    close(out, right, tolerance)
    expected = layers.conv_backward_strides(dout.astype(float), right_cache)
    for gradient, right in zip(layers.conv_backward_fast(dout, cache), expected):
        close(gradient, right, tolerance)


def check_pooling(rng, dtype, layers):
    small = rng.random() < 0.5  # planes that lie side by side in a vector, or whose rows are joined
    size, stride, out = (
        tuple(map(int, rng.integers(1, high, 2))) for high in ((8, 5, 9) if small else (5, 5, 40))
    )
    kind = rng.random()
    if kind < 0.3:
        size = stride = (2, 2)
    elif kind < 0.5:  # wide gaps between few windows
        stride, out = (tuple(map(int, rng.integers(1, most, 2))) for most in (300, 4))
    image = [(o - 1) * s + k for o, s, k in zip(out, stride, size)]
    x = exact(rng, (int(rng.integers(1, 4)), int(rng.integers(1, 20)), *image), dtype)
    pool_param = {"pool_height": size[0], "pool_width": size[1], "stride": stride}
    for kind in ("max", "avg"):
        out, cache = getattr(layers, f"{kind}_pool_forward_fast")(x, pool_param)
        right, right_cache = getattr(layers, f"{kind}_pool_forward_im2col")(x, pool_param)
        dout = exact(rng, out.shape, dtype)
        close(out, right, 1e-5)
        dx = getattr(layers, f"{kind}_pool_backward_fast")(dout, cache)
        close(dx, getattr(layers, f"{kind}_pool_backward_im2col")(dout, right_cache), 1e-5)


def run_cases(module, cases, seed):
    spec = importlib.util.spec_from_file_location("cs231n.fast._kernels", module)
    kernels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kernels)
    sys.modules["cs231n.fast._kernels"] = kernels
    from cs231n import fast_layers
    from cs231n.fast import extensions, threads

    threads.MIN_PARALLEL_WORK = 0
    assert extensions.kernels() is kernels
    rng = np.random.default_rng(seed)
    for case in range(cases):
        target = case % (kernels.BEST_TARGET + 1)
        extensions.chosen_target = target
        fast_layers.set_num_threads(1 + case % 3)
        dtype = (np.float32, np.float64)[case // 3 % 2]
        if case % 4 == 3:
            check_pooling(rng, dtype, fast_layers)
        else:
            check_convolution(rng, dtype, fast_layers)
    names = ", ".join(kernels.TARGET_NAMES)
    print(f"{cases} cases, no finding: {names}; float32 and float64; 1 to 3 threads; seed {seed}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cc", default="gcc", help="the compiler")
    parser.add_argument(
        "--module", help=argparse.SUPPRESS
    )  # set in the process with the sanitizers
    options = parser.parse_args()
    if options.module:
        run_cases(options.module, options.cases, options.seed)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        library, flags = runtime(options.cc)
        module = build(options.cc, flags, folder)
        command = [
            sys.executable,
            "-m",
            "benchmarks.sanitize",
            "--module",
            module,
            "--cases",
            options.cases,
            "--seed",
            options.seed,
        ]
        # Python itself keeps memory until the end; its own allocator would hide small overruns.
        environment = dict(
            os.environ, LD_PRELOAD=library, ASAN_OPTIONS="detect_leaks=0", PYTHONMALLOC="malloc"
        )
        return subprocess.run([str(word) for word in command], env=environment).returncode and 1


if __name__ == "__main__":
    sys.exit(main())
