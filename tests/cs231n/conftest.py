"""What tests of the package share."""

import numpy as np
import pytest


@pytest.fixture
def unseeded():
    """A global state that nobody seeded, as in a new process; the old one again afterwards.

    Hypothesis calls np.random.seed, after which a process counts as seeded.
    """
    before = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.MT19937())
    yield
    np.random.set_bit_generator(before)
