import sys

import pytest

import cs231n.layers


@pytest.fixture
def alias():
    import cs231n.compat.cse493g1

    yield cs231n.compat.cse493g1
    for name in [m for m in sys.modules if m.partition(".")[0] == "cse493g1"]:
        del sys.modules[name]


def test_lines_of_the_other_course_find_the_modules_of_this_one(alias):
    names = {}
    exec("from cse493g1.classifiers.fc_net import *", names)
    exec("from cse493g1.data_utils import get_CIFAR10_data", names)
    exec("from cse493g1.features import *", names)
    exec("from cse493g1 import optim", names)
    wanted = {"FullyConnectedNetImproved", "dropout_forward", "svm_loss", "hog_feature", "np"}
    assert names.keys() >= wanted
    assert names["dropout_forward"] is cs231n.layers.dropout_forward
    assert names["optim"].adam is __import__("cs231n.optim").optim.adam


def test_what_is_in_neither_is_the_usual_error(alias):
    with pytest.raises(ModuleNotFoundError, match="cse493g1.rnn_layers"):
        exec("from cse493g1.rnn_layers import *")
    with pytest.raises(ImportError, match="cannot import name 'no_such_name'"):
        exec("from cse493g1.layers import no_such_name")
