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
not formed) and ``drawing`` (the picture).
"""

from .drawing import draw
from .node import Node, exp, log, matmul, maximum, relu, sigmoid, tanh
from .operations import (
    Add,
    Divide,
    Exp,
    Log,
    MatMul,
    Maximum,
    Mean,
    Multiply,
    Operation,
    Power,
    ReLU,
    Sigmoid,
    Subtract,
    Sum,
    Tanh,
)
from .products import jacobian, jvp, vjp
from .traversal import backpropagate, sum_to_shape, topological_order

__all__ = [
    "Add", "Divide", "Exp", "Log", "MatMul", "Maximum", "Mean", "Multiply", "Node", "Operation", "Power",
    "ReLU", "Sigmoid", "Subtract", "Sum", "Tanh", "backpropagate", "draw", "exp", "jacobian",
    "jvp", "log", "matmul", "maximum", "relu", "sigmoid", "sum_to_shape", "tanh",
    "topological_order", "vjp",
]
