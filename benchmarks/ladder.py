"""Train ThreeLayerConvNet for one epoch on shapes10, with every implementation of convolution.

    python -m benchmarks.ladder [--images 5000]

The fast layers train the whole epoch. The others, the rungs of the course's ladder, are timed for a
few of the same steps, the naive one for a few images of one step, and the epoch is reckoned from
that. All take the same steps: the printed loss of the first step is the same for all that see the
whole batch.
"""

from . import measure  # isort: skip  (clears OPENBLAS_CORETYPE before NumPy loads)

import argparse
import time

from cs231n import fast_layers, layers
from cs231n.classifiers import ThreeLayerConvNet
from cs231n.data_utils import load_dataset
from cs231n.optim import adam

BATCH = 100
# rung: module of its functions, suffixes of convolution and pooling, timed steps (None: all),
# images of a step
RUNGS = {
    "naive loops": (layers, "naive", "naive", 1, 2),
    "NumPy columns": (fast_layers, "im2col", "im2col", 3, BATCH),
    "strided views": (fast_layers, "strides", "reshape", 3, BATCH),
    "Cython columns": (fast_layers, "cython", "reshape", 5, BATCH),
    "fast layers": (fast_layers, "fast", "fast", None, BATCH),
}


def use(module, conv, pool):
    """Let the sandwich layers find those of another rung: they look them up at each call."""
    for way in ("forward", "backward"):
        for name in (f"conv_{way}_{conv}", f"max_pool_{way}_{pool}"):
            setattr(fast_layers, name.rsplit("_", 1)[0] + "_fast", getattr(module, name))


def train(data, steps, images):
    """Seconds and losses of the steps of an epoch with Adam."""
    model = ThreeLayerConvNet(weight_scale=1e-2, reg=1e-3, seed=0)
    state = {}
    losses = []
    start = time.perf_counter()
    for step in range(steps):
        first = step * BATCH
        loss, grads = model.loss(
            data["X_train"][first : first + images], data["y_train"][first : first + images]
        )
        for name, gradient in grads.items():
            model.params[name], state[name] = adam(model.params[name], gradient, state.get(name))
        losses.append(loss)
    return time.perf_counter() - start, losses


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000, help="training images of the epoch")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    data = load_dataset("shapes10", num_training=options.images)
    data["X_train"] /= 64  # about unit variance
    epoch = options.images // BATCH
    print(f"{epoch} steps of {BATCH} images, {options.threads} thread(s). {fast_layers.backend()}")
    originals = {
        name: getattr(fast_layers, name) for name in fast_layers.__all__ if name.endswith("_fast")
    }
    for rung, (module, conv, pool, steps, images) in RUNGS.items():
        for name, function in originals.items():
            setattr(fast_layers, name, function)
        if conv != "fast":
            use(module, conv, pool)
        with measure.threads(options.threads):
            seconds, losses = train(data, steps or epoch, images)
        per_step = seconds / len(losses) * BATCH / images
        note = f"{images} images of one step" if images < BATCH else f"{len(losses)} steps"
        print(
            f"{rung:15s} {per_step:9.4f} s a step {per_step * epoch:9.1f} s an epoch"
            f"   (timed: {note}; loss {losses[0]:.4f} to {losses[-1]:.4f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
