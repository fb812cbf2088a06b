from cs231n.classifiers import fc_net


def test_both_names_are_the_net_of_any_depth():
    for name in ("FullyConnectedNetBasic", "FullyConnectedNetImproved"):
        model = getattr(fc_net, name)([4], 6, 3, normalization="batchnorm", seed=0)
        assert isinstance(model, fc_net.FullyConnectedNet) and "gamma1" in model.params
