"""Get a data set, or say which ones are there."""

import argparse
from typing import Any

from ..errors import UserError

HELP = "get a data set, or say which ones are there"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from ..data_utils import CLASSES
    from ..datasets import cifar10

    parser.add_argument(
        "dataset",
        nargs="?",
        choices=sorted(CLASSES),
        help="the data set to get; without it, every set is listed",
    )
    parser.add_argument(
        "--version",
        choices=sorted(cifar10.FOLDERS),
        default="binary",
        help="of cifar10: plain bytes or a pickle, same images (default: %(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the data set is there, or all are listed.

    Raises
    ------
    UserError
        If a set cannot be had, or is damaged.
    """
    from ..data_utils import CLASSES

    if args.dataset is None:
        for name in sorted(CLASSES):
            print(f"{name:10} {state(name)}")
        return 0
    get(args.dataset, args.version, not args.quiet)
    try:
        counted = count(args.dataset)
    except (FileNotFoundError, ValueError) as error:
        raise UserError(str(error)) from None
    print(f"{args.dataset}: {counted}")
    return 0


def get(name: str, version: str = "binary", progress: bool = True) -> None:
    """Download a data set into the data folder, unless it is there or needs no download.

    Parameters
    ----------
    name : {"shapes10", "digits", "mnist", "cifar10"}
    version : {"binary", "python"}
        Of cifar10.
    progress : bool
        Whether to show progress bars.

    Raises
    ------
    DownloadError
        See `cs231n.datasets.download`.
    """
    from ..datasets import cifar10, mnist

    if name == "cifar10":
        cifar10.download(version, progress)
    elif name == "mnist":
        mnist.download(progress)


def count(name: str) -> str:
    """Read a data set to its end and count it.

    Parameters
    ----------
    name : {"shapes10", "digits", "mnist", "cifar10"}

    Returns
    -------
    text : str
        How many images it has, where they are from and how to load them.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If a file is damaged.
    """
    from .. import data_utils
    from ..datasets import cifar10, mnist

    how = f'load_dataset("{name}")'
    if name == "shapes10":
        return (
            f"as many images as wanted, generated from a seed; {how} draws 5,000, 1,000 and 1,000"
        )
    if name == "digits":
        data = data_utils.load_dataset(name)
        total = sum(len(data[f"y_{split}"]) for split in ("train", "val", "test"))
        return f"{total:,} images of scikit-learn; {how}"
    module: Any = {"cifar10": cifar10, "mnist": mnist}[name]
    _, y_train, _, y_test = module.load()
    return (
        f"{len(y_train):,} training and {len(y_test):,} test images in {module.find_root()}; {how}"
    )


def state(name: str) -> str:
    """Say whether a data set is there and whole.

    Parameters
    ----------
    name : {"shapes10", "digits", "mnist", "cifar10"}

    Returns
    -------
    text : str
    """
    try:
        return count(name)
    except FileNotFoundError:
        return f"not there; get it with: cs231n data {name}"
    except ValueError as error:
        return f"damaged: {error}"
