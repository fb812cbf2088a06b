"""Exercises of ``cs231n/graph``: gates, the traversal, and backpropagation by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..exercise import (
    Array,
    Arrays,
    Case,
    Cases,
    Exercise,
    Inputs,
    Probe,
    Quantities,
    Rng,
    cast,
    unpack,
)
from ..stand_ins import replaced

DEEP = 2000


def _gate(
    name: str, inputs: str, settings: Sequence[str], cases: Callable[[Rng], Cases]
) -> Exercise:
    """The exercise of one gate: the gradients of its inputs, from the cache of its own forward."""

    def backward(dout: Array, **given: Any) -> Quantities:
        from cs231n.graph import operations

        chosen = {setting: given[setting] for setting in settings}
        operation = getattr(operations, name)(**chosen)
        _, cache = operation.forward(*(given[x] for x in inputs))
        gradients = [f"d{x}" for x in inputs]
        return unpack(f"{name}.backward", operation.backward(dout, cache), *gradients)

    return Exercise(name, "cs231n.graph.operations", (Probe("backward", backward),), cases)


def _elementwise(
    name: str,
    inputs: str,
    draw: Callable[[Rng, tuple[int, ...]], Array],
    settings: Sequence[Inputs] = ({},),
) -> Exercise:
    """The exercise of an elementwise gate; ``draw(rng, shape)`` returns one input."""

    def cases(rng: Rng) -> Cases:
        shapes: dict[str, tuple[int, ...]] = {
            "numbers": (),
            "a vector": (7,),
            "a matrix": (3, 4),
            "one entry, float32": (1,),
        }
        for k, (title, shape) in enumerate(shapes.items()):
            dtype = "float32" if "float32" in title else "float64"
            arrays = {x: np.asarray(draw(rng, shape), dtype) for x in inputs}
            arrays["dout"] = np.asarray(rng.randn(*shape), dtype)
            yield Case(title, arrays | settings[k % len(settings)], dtype)

    return _gate(name, inputs, tuple(settings[0]), cases)


def _any(rng: Rng, shape: tuple[int, ...]) -> Array:
    return rng.randn(*shape)


def _positive(rng: Rng, shape: tuple[int, ...]) -> Array:
    return 0.3 + 2 * rng.rand(*shape)


def _nonzero(rng: Rng, shape: tuple[int, ...]) -> Array:
    return _positive(rng, shape) * rng.choice((-1, 1), size=shape)


def _maximum_cases(rng: Rng) -> Cases:
    yield Case(
        "numbers",
        {"x": np.array(rng.randn()), "y": np.array(rng.randn()), "dout": np.array(rng.randn())},
    )
    yield Case("a matrix", {"x": rng.randn(4, 5), "y": rng.randn(4, 5), "dout": rng.randn(4, 5)})
    ties = {"x": rng.randint(3, size=9).astype(float), "y": np.ones(9), "dout": rng.randn(9)}
    yield Case("ties, which x wins", ties)


def _saturated_cases(rng: Rng) -> Cases:
    yield Case("a number", {"x": np.array(rng.randn()), "dout": np.array(rng.randn())})
    yield Case("a matrix", {"x": rng.randn(3, 5), "dout": rng.randn(3, 5)})
    yield Case("large inputs", {"x": np.array([-800.0, -30, 0.4, 30, 800]), "dout": rng.randn(5)})
    single = {"x": rng.randn(6).astype(np.float32), "dout": rng.randn(6).astype(np.float32)}
    yield Case("float32", single, "float32")


def _reduction_cases(rng: Rng) -> Cases:
    yield Case(
        "all entries",
        {"x": rng.randn(3, 4), "dout": np.array(rng.randn()), "axis": None, "keepdims": False},
    )
    yield Case(
        "along the rows", {"x": rng.randn(3, 4), "dout": rng.randn(3), "axis": 1, "keepdims": False}
    )
    yield Case(
        "down the columns",
        {"x": rng.randn(5, 2), "dout": rng.randn(2), "axis": 0, "keepdims": False},
    )
    kept = {"x": rng.randn(2, 6).astype(np.float32), "dout": rng.randn(2, 1).astype(np.float32)}
    yield Case("the axis stays, float32", kept | {"axis": 1, "keepdims": True}, "float32")


def _product_cases(rng: Rng) -> Cases:
    def draw(
        x: tuple[int, ...], w: tuple[int, ...], out: tuple[int, ...], dtype: str = "float64"
    ) -> Inputs:
        arrays = {"x": rng.randn(*x), "w": rng.randn(*w), "dout": rng.randn(*out)}
        return cast(arrays, dtype)

    yield Case("two matrices", draw((4, 3), (3, 5), (4, 5)))
    yield Case("square matrices", draw((3, 3), (3, 3), (3, 3)))
    yield Case("a matrix and a vector", draw((4, 3), (3,), (4,)))
    yield Case("a vector and a matrix", draw((3,), (3, 2), (2,)))
    yield Case("two vectors", draw((5,), (5,), ()))
    yield Case("float32", draw((2, 6), (6, 3), (2, 3), "float32"), "float32")


def _sum_to_shape(dout: Array, shape: Sequence[int]) -> Quantities:
    from cs231n.graph.traversal import sum_to_shape

    return {"dx": sum_to_shape(dout, tuple(shape))}


def _broadcast_cases(rng: Rng) -> Cases:
    yield Case("a vector that was added to every row", {"dout": rng.randn(4, 3), "shape": [3]})
    yield Case(
        "a column that was added to every column", {"dout": rng.randn(4, 3), "shape": [4, 1]}
    )
    yield Case("a number", {"dout": rng.randn(2, 5), "shape": []})
    yield Case("three axes, two of them copied", {"dout": rng.randn(2, 3, 4), "shape": [3, 1]})
    yield Case("nothing was copied", {"dout": rng.randn(3, 2), "shape": [3, 2]})
    yield Case(
        "float32", {"dout": rng.randn(6, 1, 2).astype(np.float32), "shape": [1, 1, 1]}, "float32"
    )


class _GivenNode:
    """A node that multiplies the gradient of each input by given numbers."""

    def __init__(self, value: Array) -> None:
        self.value = value
        self.shape = value.shape
        self.name = None
        self.operation: str | None = None
        self.inputs: tuple[_GivenNode, ...] = ()
        self.gains: list[Array] = []

    def input_gradients(self, dout: Array) -> list[Array]:
        return [gain * dout for gain in self.gains]


def _nodes(values: Array, edges: Array, gains: Array) -> list[_GivenNode]:
    nodes = [_GivenNode(value) for value in values]
    for (start, end), gain in zip(edges, gains, strict=True):
        nodes[end].inputs += (nodes[start],)
        nodes[end].gains.append(gain)
        nodes[end].operation = "gain"
    return nodes


def _topological_order(edges: Array, size: int) -> Quantities:
    from cs231n.graph.traversal import topological_order

    nodes = _nodes(np.zeros((size, 1)), edges, edges)
    numbers = {id(node): number for number, node in enumerate(nodes)}
    order = topological_order(nodes[-1])
    return {"order": np.array([numbers.get(id(node), -1) for node in order], dtype=int)}


def _reduce_order(inputs: Inputs, arrays: Arrays) -> Arrays:
    """Any order is right that lists every node once, and inputs before their users."""
    order = np.asarray(arrays["order"], dtype=int)
    place = np.full(inputs["size"] + 1, -1)
    place[np.clip(order, -1, inputs["size"])] = np.arange(order.size)
    start, end = inputs["edges"].T
    return {
        "numbers of the nodes that are listed": np.sort(order),
        "1 for each input that comes before its user": (place[start] < place[end]).astype(int),
    }


def _order_sizes(inputs: Inputs) -> dict[str, int]:
    return {"order": inputs["size"]}


def _order_cases(rng: Rng) -> Cases:
    yield Case("a chain", {"edges": _chain(5), "size": 5})
    yield Case(
        "a value used twice", {"edges": np.array([[0, 1], [0, 2], [1, 3], [2, 3]]), "size": 4}
    )
    yield Case("twice in one operation", {"edges": np.array([[0, 1], [0, 1], [1, 2]]), "size": 3})
    yield Case(
        "a short and a long way",
        {"edges": np.array([[0, 4], [0, 1], [1, 2], [2, 3], [3, 4]]), "size": 5},
    )
    yield Case("a random graph", {"edges": _random_graph(rng, 12), "size": 12})
    yield Case(f"{DEEP:,} nodes deep", {"edges": _chain(DEEP), "size": DEEP})


def _backpropagate_own_order(**inputs: Any) -> Quantities:
    from cs231n.graph.traversal import backpropagate

    return _backpropagate(backpropagate, **inputs)


def _backpropagate_given_order(**inputs: Any) -> Quantities:
    from cs231n.graph import traversal

    return _backpropagate(traversal.backpropagate, given_order=traversal, **inputs)


def _backpropagate(
    backpropagate: Any,
    values: Array,
    edges: Array,
    gains: Array,
    dout: Array,
    given_order: Any = None,
) -> Quantities:
    nodes = _nodes(values, edges, gains)
    if given_order is None:
        grads = backpropagate(nodes[-1], dout)
    else:
        with replaced(given_order, topological_order=lambda output: list(nodes)):
            grads = backpropagate(nodes[-1], dout)
    return {"grads": np.stack([grads[node] for node in nodes])}


def _gradient_cases(rng: Rng) -> Cases:
    def draw(edges: Array, size: int, D: int, dtype: str = "float64") -> Inputs:
        arrays = {
            "values": rng.randn(size, D),
            "gains": rng.randn(len(edges), D),
            "dout": rng.randn(D),
        }
        return cast(arrays, dtype) | {"edges": edges}

    yield Case("a chain", draw(_chain(4), 4, 3))
    yield Case("a value used twice", draw(np.array([[0, 1], [0, 2], [1, 3], [2, 3]]), 4, 2))
    yield Case("twice in one operation", draw(np.array([[0, 1], [0, 1], [1, 2]]), 3, 1))
    yield Case("a random graph", draw(_random_graph(rng, 9), 9, 2))
    yield Case("float32", draw(_random_graph(rng, 5), 5, 4, "float32"), "float32")


def _chain(size: int) -> Array:
    return np.stack([np.arange(size - 1), np.arange(1, size)], axis=1)


def _random_graph(rng: Rng, size: int) -> Array:
    """A graph whose last node depends on all others; several values are used more than once."""
    extra = [sorted(rng.choice(size, 2, replace=False)) for _ in range(size)]
    edges = []
    for start in range(size - 1):
        end = start + 1 + rng.randint(min(2, size - start - 1))
        edges.append([start, end])
    return np.array(edges + extra)


def _sigmoid_neuron(w: Array, x: Array) -> Quantities:
    from cs231n.graph.flat import sigmoid_neuron

    return unpack("sigmoid_neuron", sigmoid_neuron(w, x), "out", "dw", "dx")


def _neuron_cases(rng: Rng) -> Cases:
    yield Case("one neuron", {"w": rng.randn(3), "x": rng.randn(2)})
    yield Case("small inputs", {"w": rng.randn(3), "x": 0.01 * rng.randn(2)})
    yield Case(
        "a sure answer", {"w": np.array([2.0, 3.0, 1.0]) + rng.rand(3), "x": 1 + rng.rand(2)}
    )


def _least_squares(x: Array, w: Array, y: Array) -> Quantities:
    from cs231n.graph.flat import least_squares

    return unpack("least_squares", least_squares(x, w, y), "loss", "dx", "dw")


def _least_squares_cases(rng: Rng) -> Cases:
    def draw(N: int, D: int, M: int, dtype: str = "float64") -> Inputs:
        arrays = {"x": rng.randn(N, D), "w": rng.randn(D, M), "y": rng.randn(N, M)}
        return cast(arrays, dtype)

    yield Case("more examples than features", draw(6, 4, 3))
    yield Case("one example", draw(1, 3, 2))
    yield Case("square", draw(3, 3, 3))
    yield Case("float32", draw(2, 5, 4, "float32"), "float32")


EXERCISES = (
    Exercise(
        "sigmoid_neuron", "cs231n.graph.flat", (Probe("flat", _sigmoid_neuron),), _neuron_cases
    ),
    _elementwise("Multiply", "xy", _any),
    _elementwise("Divide", "xy", _nonzero),
    _gate("Maximum", "xy", (), _maximum_cases),
    _elementwise("ReLU", "x", _nonzero),
    _elementwise("Power", "x", _positive, settings=({"p": 3}, {"p": -1}, {"p": 0.5})),
    _elementwise("Exp", "x", _any),
    _elementwise("Log", "x", _positive),
    _gate("Sigmoid", "x", (), _saturated_cases),
    _gate("Tanh", "x", (), _saturated_cases),
    Exercise(
        "topological_order",
        "cs231n.graph.traversal",
        (Probe("order", _topological_order),),
        _order_cases,
        reduce=_reduce_order,
        sizes=_order_sizes,
    ),
    Exercise(
        "backpropagate",
        "cs231n.graph.traversal",
        (
            Probe("given order", _backpropagate_given_order),
            Probe("own order", _backpropagate_own_order),
        ),
        _gradient_cases,
    ),
    _gate("Sum", "x", ("axis", "keepdims"), _reduction_cases),
    _gate("Mean", "x", ("axis", "keepdims"), _reduction_cases),
    Exercise(
        "sum_to_shape", "cs231n.graph.traversal", (Probe("sum", _sum_to_shape),), _broadcast_cases
    ),
    _gate("MatMul", "xw", (), _product_cases),
    Exercise(
        "least_squares", "cs231n.graph.flat", (Probe("flat", _least_squares),), _least_squares_cases
    ),
)
