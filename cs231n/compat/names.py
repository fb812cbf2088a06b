"""The table of old names: where a notebook looks for them, and which file here holds them."""

STARS: dict[str, tuple[str, ...]] = {
    "cs231n.layer_utils": ("cs231n.layers", "cs231n.fast_layers"),
    "cs231n.classifiers.fc_net": ("cs231n.layers", "cs231n.layer_utils"),
    "cs231n.classifiers.cnn": ("cs231n.layers", "cs231n.fast_layers", "cs231n.layer_utils"),
}
"""Module, then the modules whose public names ``from module import *`` brings as well.

In the original these modules star-import one another, and notebooks count on it.
"""

OLD_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "cs231n.classifiers.neural_net": {"neural_net": ("TwoLayerNet",)},
    "cs231n.classifiers.fc_net": {
        "fc_net": ("FullyConnectedNetBasic", "FullyConnectedNetImproved")
    },
    "cs231n.layer_utils": {
        "layer_utils": (
            "affine_bn_relu_forward",
            "affine_bn_relu_backward",
            "affine_ln_relu_forward",
            "affine_ln_relu_backward",
        )
    },
    "cs231n.data_utils": {"tiny_imagenet": ("load_tiny_imagenet",)},
    "cs231n.gradient_check": {
        "gradient_check": ("eval_numerical_gradient_blobs", "eval_numerical_gradient_net")
    },
    "cs231n.vis_utils": {"vis_utils": ("vis_grid", "vis_nn")},
    "cs231n.features": {
        "features": ("color_histogram", "color_histogram_cross", "color_histogram_spatial")
    },
}
"""Module that is asked, then file in `cs231n.compat` and the old names that it holds."""
