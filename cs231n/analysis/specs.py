"""Layers as sizes only: what one layer makes of the shape of its input."""

from dataclasses import dataclass
from math import prod

from ..window_geometry import slide


@dataclass(frozen=True)
class Conv:
    """A convolution with ``filters`` filters.

    Parameters
    ----------
    filters : int
        F.
    size : int or tuple of int
        Extent of a filter, one number for all axes or one per axis.
    stride, dilation : int or tuple of int
    pad : int, tuple of int, "same" or "valid"
    groups : int
        Each filter sees C / groups channels.
    bias : bool
        Whether each filter has a bias.
    """

    filters: int
    size: int | tuple
    stride: int | tuple = 1
    pad: int | tuple | str = 0
    groups: int = 1
    dilation: int | tuple = 1
    bias: bool = True

    def measure(self, shape):
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        C, *sizes = _require_maps(self, shape)
        if C % self.groups or self.filters % self.groups:
            raise ValueError(
                f"analyze: {self}: {self.groups} groups must divide the {C} channels and the {self.filters} "
                "filters. Change one of the three."
            )
        window = _per_axis(self.size, sizes)
        geometry = slide(
            "analyze", sizes, window, self.stride, self.pad, self.dilation, "filter", str(self)
        )
        weights = self.filters * (C // self.groups) * prod(window)
        parameters = weights + (self.filters if self.bias else 0)
        out = (self.filters, *geometry.out)
        return Measure(
            out, parameters, weights * prod(geometry.out), geometry.reach, geometry.stride
        )

    def __str__(self):
        usual = {"stride": 1, "pad": 0, "groups": 1, "dilation": 1}
        settings = {name: getattr(self, name) for name in usual}
        unusual = "".join(
            f" {name} {value}" for name, value in settings.items() if value != usual[name]
        )
        return f"conv {_extent(self.size)} x {self.filters}{unusual}"


@dataclass(frozen=True)
class Pool:
    """Max or average pooling; the sums are the same.

    Parameters
    ----------
    size : int or tuple of int
        Extent of the window.
    stride : int or tuple of int, optional
        If None, the size of the window.
    """

    size: int | tuple = 2
    stride: int | tuple | None = None

    def measure(self, shape):
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        C, *sizes = _require_maps(self, shape)
        stride = self.size if self.stride is None else self.stride
        geometry = slide("analyze", sizes, _per_axis(self.size, sizes), stride, None, got=str(self))
        return Measure((C, *geometry.out), 0, 0, geometry.reach, geometry.stride)

    def __str__(self):
        stride = self.size if self.stride is None else self.stride
        return f"pool {_extent(self.size)} stride {stride}"


@dataclass(frozen=True)
class GlobalAvgPool:
    """The mean of every channel over all positions."""

    def measure(self, shape):
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        C, *sizes = _require_maps(self, shape)
        return Measure((C,), 0, 0, tuple(sizes), (1,) * len(sizes))

    def __str__(self):
        return "global average pool"


@dataclass(frozen=True)
class Affine:
    """A fully connected layer, which flattens its input.

    Parameters
    ----------
    units : int
        M.
    bias : bool
    """

    units: int
    bias: bool = True

    def measure(self, shape):
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        weights = prod(shape) * self.units
        parameters = weights + (self.units if self.bias else 0)
        return Measure((self.units,), parameters, weights, shape[1:], (1,) * len(shape[1:]))

    def __str__(self):
        return f"affine {self.units}"


@dataclass(frozen=True)
class ReLU:
    """A rectifier, or any other function of single numbers."""

    def measure(self, shape):
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        return Measure(shape, 0, 0, (), ())

    def __str__(self):
        return "relu"


@dataclass(frozen=True)
class Normalization:
    """Batch, layer, group or spatial normalization: gamma and beta per channel.

    Normalizing over examples or positions changes single outputs by the whole image; that is
    not counted as a receptive field.
    """

    def measure(self, shape):
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        return Measure(shape, 2 * shape[0], 0, (), ())

    def __str__(self):
        return "normalization"


@dataclass(frozen=True)
class Residual:
    """The sum of two ways from the same input; an empty shortcut is the identity.

    Parameters
    ----------
    body, shortcut : sequence of layers
    """

    body: tuple
    shortcut: tuple = ()

    def __str__(self):
        return "add shortcut"


@dataclass(frozen=True)
class Measure:
    """What one layer does: output shape, parameters, multiply-adds, reach and stride of its window."""

    out_shape: tuple
    parameters: int
    multiply_adds: int
    reach: tuple
    stride: tuple


def _require_maps(layer, shape):
    if len(shape) < 2:
        raise ValueError(
            f"analyze: {layer} needs channels and positions, (C, H, W); got shape {shape}."
        )
    return shape


def _per_axis(value, sizes):
    return tuple(value) if isinstance(value, tuple) else (value,) * len(sizes)


def _extent(size):
    return times(size) if isinstance(size, tuple) else f"{size}x{size}"


def times(sizes):
    """Write sizes as in 3x32x32."""
    return "x".join(map(str, sizes))
