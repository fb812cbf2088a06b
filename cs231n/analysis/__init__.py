"""Sums on paper: what an architecture costs before a single weight is drawn.

For every layer: the shape of its output, its parameters, its multiply-adds, the memory of
its activations, and how far it sees in the image.

>>> from cs231n.analysis import Conv, analyze
>>> table = analyze([Conv(10, 5, pad=2)], (3, 32, 32))
>>> table.rows[-1].out_shape, table.parameters, table.multiply_adds
((10, 32, 32), 760, 768000)

Conventions
-----------
* A multiply-add is one multiplication and the addition that follows it, counted once.
  Biases, pooling, rectifiers and normalizations are not counted.
* Activations are the numbers that the layers of the list put out, and the image itself. A
  backward pass needs them all. Leave a rectifier out of the list if it works in place.
* The receptive field of a position is the extent of the image that can change its value: each
  window of K adds (K - 1) times the strides before it. Where layers pad, part of it may lie
  outside the image.

Source: CS231n lecture notes, "Convolutional Neural Networks".
"""

from .nets import alexnet, describe, lenet5, vgg16
from .specs import Affine, Conv, GlobalAvgPool, Normalization, Pool, ReLU, Residual
from .table import Row, Table, analyze

__all__ = [
    "Affine",
    "Conv",
    "GlobalAvgPool",
    "Normalization",
    "Pool",
    "ReLU",
    "Residual",
    "Row",
    "Table",
    "alexnet",
    "analyze",
    "describe",
    "lenet5",
    "vgg16",
]
