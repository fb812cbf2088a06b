"""The place where notebooks of 2016 to 2020 look for the two-layer net of the first assignment."""

from .._lazy import old_names

__getattr__ = old_names(__name__)
