"""The old path of the two-layer net; what the net does is tested with its file in compat."""

import cs231n.compat.neural_net
from cs231n.classifiers import fc_net, neural_net


def test_the_old_path_leads_to_the_net_that_trains_itself():
    names = {}
    exec("from cs231n.classifiers.neural_net import *", names)
    assert names["TwoLayerNet"] is neural_net.TwoLayerNet is cs231n.compat.neural_net.TwoLayerNet
    assert neural_net.TwoLayerNet is not fc_net.TwoLayerNet
