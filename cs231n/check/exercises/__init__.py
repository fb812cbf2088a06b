"""The exercises of the course, one module a family, named like the files that students write."""

from importlib import import_module

FAMILIES = (
    "k_nearest_neighbor",
    "cross_validation",
    "linear_losses",
    "linear_classifier",
    "features",
    "bag_of_words",
    "historical",
    "affine",
    "activations",
    "losses",
    "fully_connected",
    "optimizers",
    "graph",
    "normalization",
    "dropout",
    "convolution",
    "pooling",
    "columns",
    "convolutional_nets",
    "spatial_normalization",
    "training",
)

EXERCISES = {}
"""dict of str -> Exercise : every exercise by its id."""

FAMILY_OF = {}
"""dict of str -> str : the family that declares an exercise."""

for _family in FAMILIES:
    for _exercise in import_module(f"{__name__}.{_family}").EXERCISES:
        EXERCISES[_exercise.id] = _exercise
        FAMILY_OF[_exercise.id] = _family
