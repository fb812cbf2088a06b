"""Nets as lists of layers: those of this package, and three that made history."""

from typing import Any

import numpy as np

from ..classifiers.chain import Residual as ResidualLink
from ..classifiers.chain import global_avg_pool_forward
from .specs import Affine, Conv, GlobalAvgPool, Layer, Normalization, Pool, ReLU, Residual


def describe(net: Any) -> list[Layer | Residual]:
    """Write a net of `cs231n.classifiers` as a list of layers.

    Dropout costs nothing and is left out.

    Parameters
    ----------
    net : object
        A net that is a chain of layers (``PatternNet``, ``LeNet5``, ``ResNet``), or one with
        numbered parameters (``ThreeLayerConvNet``, ``TwoLayerNet``, ``FullyConnectedNet``).

    Returns
    -------
    layers : list
    """
    if hasattr(net, "layers"):
        return [_describe_link(link, net) for link in net.layers]
    layers: list[Layer | Residual] = []
    count = sum(name.startswith("W") for name in net.params)
    for i in range(1, count + 1):
        W = net.params[f"W{i}"]
        is_conv = W.ndim > 2
        if is_conv:
            layers.append(_conv(W, net.conv_param))
        else:
            layers.append(Affine(W.shape[1]))
        if f"gamma{i}" in net.params:
            layers.append(Normalization())
        if i < count:
            layers.append(ReLU())
        if is_conv:
            layers.append(_pool(net.pool_param))
    return layers


def _describe_link(link: Any, net: Any) -> Layer | Residual:
    if isinstance(link, ResidualLink):
        body = [_describe_link(inner, net) for inner in link.body]
        shortcut = [_describe_link(inner, net) for inner in link.shortcut]
        return Residual(tuple(body), tuple(shortcut))
    if not link.names:
        if link.settings:
            return _pool(link.settings[0])
        if link.functions[0] is global_avg_pool_forward:
            return GlobalAvgPool()
        return ReLU()
    first = net.params[link.names[0]]
    if first.ndim == 1:
        return Normalization()
    if first.ndim == 2:
        return Affine(first.shape[1])
    return _conv(first, link.settings[0])


def _conv(W: np.ndarray, conv_param: dict) -> Conv:
    return Conv(W.shape[0], W.shape[2:], **conv_param)


def _pool(pool_param: dict) -> Pool:
    return Pool((pool_param["pool_height"], pool_param["pool_width"]), pool_param["stride"])


def alexnet(groups: int = 2) -> list[Layer]:
    """AlexNet by layers, for images of 3 x 227 x 227.

    Parameters
    ----------
    groups : int
        2 for the two halves of the paper, which see each other only in the third convolution
        and behind the last: 60,965,224 parameters. 1 for a single tower: 62,378,344.

    Returns
    -------
    layers : list

    Notes
    -----
    Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural
    Networks" (2012). The paper says 224 pixels; its sizes fit 227.
    """
    return [
        Conv(96, 11, stride=4),
        Pool(3, 2),
        Conv(256, 5, pad=2, groups=groups),
        Pool(3, 2),
        Conv(384, 3, pad=1),
        Conv(384, 3, pad=1, groups=groups),
        Conv(256, 3, pad=1, groups=groups),
        Pool(3, 2),
        Affine(4096),
        Affine(4096),
        Affine(1000),
    ]


def vgg16() -> list[Layer]:
    """VGG-16 by layers, for images of 3 x 224 x 224: 138,357,544 parameters.

    Returns
    -------
    layers : list

    Notes
    -----
    Configuration D of Simonyan and Zisserman, "Very Deep Convolutional Networks for
    Large-Scale Image Recognition" (2015).
    """
    layers: list[Layer] = []
    for filters, repeats in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        layers += [Conv(filters, 3, pad=1)] * repeats
        layers.append(Pool())
    return [*layers, Affine(4096), Affine(4096), Affine(1000)]


def lenet5() -> list[Layer]:
    """LeNet-5 by layers, for images of 1 x 32 x 32, with today's parts: 61,706 parameters.

    The paper counts 60,000: its second convolution sees only some of the maps, its
    subsampling has weights, and its output layer is fixed.

    Returns
    -------
    layers : list

    Notes
    -----
    LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
    Recognition" (1998).
    """
    return [Conv(6, 5), Pool(), Conv(16, 5), Pool(), Conv(120, 5), Affine(84), Affine(10)]
