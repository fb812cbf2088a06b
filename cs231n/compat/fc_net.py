"""The two names that CSE 493G1 (2024) has for the net of any depth."""

from ..classifiers.fc_net import FullyConnectedNet


class FullyConnectedNetBasic(FullyConnectedNet):
    """The net of any depth, used without normalization and dropout."""


class FullyConnectedNetImproved(FullyConnectedNet):
    """The net of any depth, used with normalization and dropout."""
