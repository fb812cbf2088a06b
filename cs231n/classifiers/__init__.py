"""The classifiers of the course, from nearest neighbors to convolutional nets."""

from .._lazy import lazy_names

_TABLE = {
    "k_nearest_neighbor": ("KNearestNeighbor",),
    "perceptron": ("Perceptron",),
    "adaline": ("Adaline",),
    "linear_classifier": ("LinearClassifier", "LinearSVM", "Softmax"),
    "fc_net": ("TwoLayerNet", "FullyConnectedNet"),
    "cnn": ("ThreeLayerConvNet",),
    "conv_pattern": ("PatternNet", "parse_pattern"),
    "lenet": ("LeNet5",),
    "resnet": ("ResNet",),
}

__getattr__, __dir__ = lazy_names(__name__, _TABLE)
