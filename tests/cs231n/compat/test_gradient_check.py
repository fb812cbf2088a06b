from types import SimpleNamespace

import numpy as np

from cs231n.gradient_check import eval_numerical_gradient_blobs, eval_numerical_gradient_net


def blob(values):
    return SimpleNamespace(vals=np.array(values), diffs=np.zeros(np.shape(values)))


def test_gradients_of_blobs_and_of_a_net_are_those_of_the_product():
    x = blob([1.0, 2.0])
    w = blob([3.0, -1.0])
    out = blob([0.0, 0.0])
    out.diffs = np.array([1.0, 10.0])

    def multiply(x, w, out):
        out.vals = x.vals * w.vals

    net = SimpleNamespace(forward=lambda: multiply(x, w, out))
    expected = [out.diffs * w.vals, out.diffs * x.vals]
    np.testing.assert_allclose(eval_numerical_gradient_blobs(multiply, (x, w), out), expected)
    np.testing.assert_allclose(eval_numerical_gradient_net(net, (x, w), out), expected)
