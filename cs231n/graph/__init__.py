"""Computational graphs: values that remember how they were made.

Build an expression out of nodes, ask its result for ``backward()``, and every node
on the way knows how much the result changes when its own value does.

>>> from cs231n.graph import Node
>>> x, y, z = Node(-2.0, name="x"), Node(5.0, name="y"), Node(-4.0, name="z")
>>> f = (x + y) * z
>>> f.backward()
>>> float(f.value), float(x.grad), float(y.grad), float(z.grad)
(-12.0, -4.0, -4.0, 3.0)

The pieces, in the order in which to read them: ``operations`` (what one gate does,
forward and backward), ``traversal`` (in which order the gates work, and how their
gradients add up), ``node`` (the operator syntax), ``products`` (Jacobians, formed and
not formed) and ``drawing`` (the picture). ``flat`` has none of this: backpropagation by hand.
"""

from .._lazy import lazy_names

_TABLE = {
    "operations": (
        "Add",
        "Divide",
        "Exp",
        "Log",
        "MatMul",
        "Maximum",
        "Mean",
        "Multiply",
        "Operation",
        "Power",
        "ReLU",
        "Sigmoid",
        "Subtract",
        "Sum",
        "Tanh",
    ),
    "traversal": ("backpropagate", "sum_to_shape", "topological_order"),
    "node": ("Node", "exp", "log", "matmul", "maximum", "relu", "sigmoid", "tanh"),
    "products": ("jacobian", "jvp", "vjp"),
    "drawing": ("draw",),
    "flat": ("least_squares", "sigmoid_neuron"),
}

__getattr__, __dir__ = lazy_names(__name__, _TABLE)
