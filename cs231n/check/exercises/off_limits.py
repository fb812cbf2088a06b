"""Modules that hold the answer of some exercises ready-made, see `Exercise.without`."""

FRAMEWORKS = (
    "scipy",
    "torch",
    "tensorflow",
    "keras",
    "jax",
    "cv2",
    "skimage",
    "sklearn",
    "numba",
    "cupy",
)
"""tuple of str : libraries with ready-made convolutions and poolings."""

FAST_LAYERS = (
    "cs231n.fast_layers",
    "cs231n.im2col",
    "cs231n.im2col_cython",
    "cs231n.fast.conv",
    "cs231n.fast.conv_numpy",
    "cs231n.fast.im2col_compiled",
    "cs231n.fast.pool",
    "cs231n.fast.pool_numpy",
    "cs231n.fast._im2col",
    "cs231n.fast._kernels",
)
"""tuple of str : the package's own."""
