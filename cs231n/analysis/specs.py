"""Layers as sizes only: what one layer makes of the shape of its input."""

from collections.abc import Iterable, Sequence
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
    size: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    pad: int | tuple[int, ...] | str = 0
    groups: int = 1
    dilation: int | tuple[int, ...] = 1
    bias: bool = True

    def measure(self, shape: tuple[int, ...]) -> "Measure":
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        C, *sizes = _require_maps(self, shape)
        if C % self.groups or self.filters % self.groups:
            raise ValueError(
                f"analyze: {self}: {self.groups} groups must divide the {C} channels and the "
                f"{self.filters} filters. Change one of the three."
            )
        window = _per_axis(self.size, sizes)
        geometry = slide(
            "analyze", sizes, window, self.stride, self.pad, self.dilation, "filter", str(self)
        )
        weights = self.filters * (C // self.groups) * prod(window)
        parameters = weights
        if self.bias:
            parameters += self.filters
        out = (self.filters, *geometry.out)
        multiply_adds = weights * prod(geometry.out)
        return Measure(out, parameters, multiply_adds, geometry.reach, geometry.stride)

    def __str__(self) -> str:
        text = f"conv {_extent(self.size)} x {self.filters}"
        usual = {"stride": 1, "pad": 0, "groups": 1, "dilation": 1}
        for name, value in usual.items():
            setting = getattr(self, name)
            if setting != value:
                text += f" {name} {setting}"
        return text


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

    size: int | tuple[int, ...] = 2
    stride: int | tuple[int, ...] | None = None

    def measure(self, shape: tuple[int, ...]) -> "Measure":
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        C, *sizes = _require_maps(self, shape)
        window = _per_axis(self.size, sizes)
        stride = self.size if self.stride is None else self.stride
        geometry = slide("analyze", sizes, window, stride, None, got=str(self))
        return Measure((C, *geometry.out), 0, 0, geometry.reach, geometry.stride)

    def __str__(self) -> str:
        stride = self.size if self.stride is None else self.stride
        return f"pool {_extent(self.size)} stride {stride}"


@dataclass(frozen=True)
class GlobalAvgPool:
    """The mean of every channel over all positions."""

    def measure(self, shape: tuple[int, ...]) -> "Measure":
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        C, *sizes = _require_maps(self, shape)
        return Measure((C,), 0, 0, tuple(sizes), (1,) * len(sizes))

    def __str__(self) -> str:
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

    def measure(self, shape: tuple[int, ...]) -> "Measure":
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        weights = prod(shape) * self.units
        parameters = weights
        if self.bias:
            parameters += self.units
        return Measure((self.units,), parameters, weights, shape[1:], (1,) * len(shape[1:]))

    def __str__(self) -> str:
        return f"affine {self.units}"


@dataclass(frozen=True)
class ReLU:
    """A rectifier, or any other function of single numbers."""

    def measure(self, shape: tuple[int, ...]) -> "Measure":
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        return Measure(shape, 0, 0, (), ())

    def __str__(self) -> str:
        return "relu"


@dataclass(frozen=True)
class Normalization:
    """Batch, layer, group or spatial normalization: gamma and beta per channel.

    Normalizing over examples or positions changes single outputs by the whole image; that is
    not counted as a receptive field.
    """

    def measure(self, shape: tuple[int, ...]) -> "Measure":
        """Measure the layer on one example of this shape, without the batch axis; see `Measure`."""
        return Measure(shape, 2 * shape[0], 0, (), ())

    def __str__(self) -> str:
        return "normalization"


Layer = Conv | Pool | GlobalAvgPool | Affine | ReLU | Normalization


@dataclass(frozen=True)
class Residual:
    """The sum of two ways from the same input; an empty shortcut is the identity.

    Parameters
    ----------
    body, shortcut : sequence of layers
    """

    body: "tuple[Layer | Residual, ...]"
    shortcut: "tuple[Layer | Residual, ...]" = ()

    def __str__(self) -> str:
        return "add shortcut"


@dataclass(frozen=True)
class Measure:
    """What one layer does: the shape of its output, its size, its work and its window.

    ``reach`` and ``stride`` are those of the window, one number per axis; empty where there is no
    window.
    """

    out_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    reach: tuple[int, ...]
    stride: tuple[int, ...]


def _require_maps(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) < 2:
        raise ValueError(
            f"analyze: {layer} needs channels and positions, (C, H, W); got shape {shape}."
        )
    return shape


def _per_axis(value: int | tuple[int, ...], sizes: Sequence[int]) -> tuple[int, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) * len(sizes)


def _extent(size: int | tuple[int, ...]) -> str:
    if isinstance(size, tuple):
        return times(size)
    return f"{size}x{size}"


def times(sizes: Iterable[int]) -> str:
    """Write sizes as in 3x32x32."""
    return "x".join(map(str, sizes))
