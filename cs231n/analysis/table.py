"""The table: one row per layer, and the sums below."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .nets import describe
from .specs import Layer, Residual, times


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    name : str
    out_shape : tuple of int
        Of one example.
    parameters, multiply_adds : int
        Numbers to learn, and work for one example.
    receptive_field : tuple of int
        Extent in pixels of the image, one number per axis.
    step : tuple of int
        Distance in the image between the receptive fields of two neighbors.
    """

    name: str
    out_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    receptive_field: tuple[int, ...]
    step: tuple[int, ...]

    @property
    def activations(self) -> int:
        """int : numbers put out for one example."""
        return prod(self.out_shape)


@dataclass(frozen=True)
class Table:
    """The sums of an architecture; ``print`` it, or read ``rows``.

    Attributes
    ----------
    rows : tuple of Row
        The image first, then every layer.
    batch_size : int
    itemsize : int
        Bytes per number.
    """

    rows: tuple[Row, ...]
    batch_size: int
    itemsize: int

    @property
    def parameters(self) -> int:
        """int : numbers to learn."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """int : work of the forward pass, for the whole batch."""
        return self.batch_size * sum(row.multiply_adds for row in self.rows)

    @property
    def activations(self) -> int:
        """int : numbers to keep for the backward pass, for the whole batch."""
        return self.batch_size * sum(row.activations for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """int : their memory."""
        return self.activations * self.itemsize

    def __str__(self) -> str:
        head = ("layer", "output", "parameters", "multiply-adds", "memory", "sees")
        lines = [head, *map(self._line, self.rows), self._total()]
        widths = [max(map(len, column)) for column in zip(*lines)]
        text = []
        for name, out, *numbers in lines:
            cells = [name.ljust(widths[0]), out.ljust(widths[1])]
            cells += map(str.rjust, numbers, widths[2:])
            text.append("  ".join(cells))
        rule = "-" * len(text[0])
        return "\n".join([text[0], rule, *text[1:-1], rule, text[-1]])

    def _line(self, row: Row) -> tuple[str, ...]:
        """The cells of one row, with work and memory for the whole batch."""
        return (
            row.name,
            times(row.out_shape),
            f"{row.parameters:,}",
            f"{row.multiply_adds * self.batch_size:,}",
            _bytes(row.activations * self.batch_size * self.itemsize),
            times(row.receptive_field),
        )

    def _total(self) -> tuple[str, ...]:
        parameters = f"{self.parameters:,}"
        return (
            "total",
            "",
            parameters,
            f"{self.multiply_adds:,}",
            _bytes(self.activation_bytes),
            "",
        )


def analyze(
    layers: Any,
    input_shape: Sequence[int],
    batch_size: int = 1,
    dtype: DTypeLike = np.float32,
) -> Table:
    """Do the sums of an architecture.

    Parameters
    ----------
    layers : list of layers, or a net
        ``Conv``, ``Pool``, ``Affine``, ... in order; or a net that `describe` can read.
    input_shape : tuple of int
        (C, H, W) of one image, or (D,) of one vector.
    batch_size : int
        How many examples pass at once.
    dtype : dtype
        Of the activations.

    Returns
    -------
    table : Table

    Raises
    ------
    ValueError
        If a window does not fit; the message names the layer and the sizes that would fit.
    """
    if hasattr(layers, "params"):
        layers = describe(layers)
    input_shape = tuple(input_shape)
    axes = len(input_shape) - 1
    rows = [Row("input", input_shape, 0, 0, (1,) * axes, (1,) * axes)]
    _append_rows(rows, layers, rows[0])
    return Table(tuple(rows), batch_size, np.dtype(dtype).itemsize)


def _append_rows(rows: list[Row], layers: Sequence[Layer | Residual], last: Row) -> Row:
    """Measure the layers in turn, starting behind the row ``last``; return the final row."""
    for layer in layers:
        if isinstance(layer, Residual):
            last = _append_residual(rows, layer, last)
            continue
        m = layer.measure(last.out_shape)
        field = last.receptive_field
        step = last.step
        if m.reach:
            field = tuple(f + (k - 1) * s for f, k, s in zip(field, m.reach, step))
            step = tuple(s * t for s, t in zip(step, m.stride))
        last = Row(str(layer), m.out_shape, m.parameters, m.multiply_adds, field, step)
        rows.append(last)
    return last


def _append_residual(rows: list[Row], layer: Residual, start: Row) -> Row:
    body = _append_rows(rows, layer.body, start)
    shortcut = _append_rows(rows, layer.shortcut, start)
    if body.out_shape != shortcut.out_shape:
        raise ValueError(
            "analyze: the two ways of a residual block must end alike; got "
            f"{times(body.out_shape)} and {times(shortcut.out_shape)}. Give the shortcut a 1x1 "
            "convolution with the stride and filters of the body."
        )
    field = tuple(map(max, body.receptive_field, shortcut.receptive_field))
    rows.append(Row(str(layer), body.out_shape, 0, 0, field, body.step))
    return rows[-1]


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
