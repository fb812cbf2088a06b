"""Every layer of the course, each forward pass beside its backward pass.

One small file per family; ``from cs231n.layers import affine_forward`` finds
the right one. To add a layer, write it in its file and name it here.
"""

from .._lazy import lazy_names

_TABLE = {
    "affine": ("affine_forward", "affine_backward"),
    "activations": (
        "relu_forward",
        "relu_backward",
        "leaky_relu_forward",
        "leaky_relu_backward",
        "sigmoid_forward",
        "sigmoid_backward",
        "tanh_forward",
        "tanh_backward",
    ),
    "losses": ("softmax_loss", "svm_loss"),
    "normalization": (
        "batchnorm_forward",
        "batchnorm_backward",
        "batchnorm_backward_alt",
        "layernorm_forward",
        "layernorm_backward",
        "spatial_batchnorm_forward",
        "spatial_batchnorm_backward",
        "spatial_groupnorm_forward",
        "spatial_groupnorm_backward",
    ),
    "dropout": ("dropout_forward", "dropout_backward"),
    "convolution": ("conv_forward_naive", "conv_backward_naive"),
    "convolution_1x1": ("conv_1x1_forward", "conv_1x1_backward"),
    "columns": ("im2col_naive", "col2im_naive", "conv_forward_matmul", "conv_backward_matmul"),
    "convolution_nd": (
        "conv1d_forward_naive",
        "conv1d_backward_naive",
        "conv3d_forward_naive",
        "conv3d_backward_naive",
    ),
    "pooling": (
        "max_pool_forward_naive",
        "max_pool_backward_naive",
        "avg_pool_forward_naive",
        "avg_pool_backward_naive",
    ),
}

__getattr__, __dir__ = lazy_names(__name__, _TABLE)
