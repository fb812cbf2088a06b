"""How far a command has come: a progress bar on standard error, or nothing."""

import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
Progress = Callable[..., Iterable[Any]]
"""Wraps an iterable and takes ``total`` and ``desc``, as ``tqdm`` does."""


def progress_bar(items: Iterable[Item], unit: str = "hand-in", **options: Any) -> Iterable[Item]:
    """Show a progress bar; none where there is nothing to do."""
    nothing_to_do = options.get("total") == 0
    return tqdm(items, file=sys.stderr, unit=unit, disable=nothing_to_do, **options)


def no_progress(items: Iterable[Item], **_options: Any) -> Iterable[Item]:
    """Show nothing."""
    return items
