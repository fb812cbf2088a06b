"""Look at this machine: versions, which fast layers are live, where data lies."""

import argparse
import platform

HELP = "show versions and which fast layers are live"


def configure(parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def run(args: argparse.Namespace) -> int:
    """Print a line for each thing that may matter; return 0."""
    import numpy
    import scipy

    from .. import fast_layers
    from ..datasets import data_dir

    rows = {
        "Python": f"{platform.python_version()} on {platform.platform()}",
        "NumPy, SciPy": f"{numpy.__version__}, {scipy.__version__}",
        "fast layers": fast_layers.backend(),
        "data": data_dir(),
    }
    for name, value in rows.items():
        print(f"{name:<14}{value}")
    return 0
