"""Where random numbers come from when nobody says: fresh ones, or those of ``np.random.seed``."""

import numpy as np

Seed = int | np.random.Generator | None


def random_generator(seed: Seed = None) -> np.random.Generator:
    """Make the generator that a net, a dropout layer or a training run draws from.

    Notebooks of the original course call ``np.random.seed(231)`` in a first cell and expect the
    same figures in every run. So after a call of ``np.random.seed`` whoever has no seed of its
    own shares the state of ``np.random``, and draws move it on. Otherwise that state is left
    alone. The figures repeat; they are not those of ``np.random.randn``, whose method is another.

    Parameters
    ----------
    seed : int or numpy.random.Generator, optional
        One that is given wins: an int starts a generator, a generator is returned as it is.

    Returns
    -------
    rng : numpy.random.Generator
    """
    if seed is None and _is_seeded_by_hand():
        return np.random.Generator(_shared())
    return np.random.default_rng(seed)


def legacy_generator() -> np.random.RandomState:
    """Make a generator whose ``randn`` gives the figures of ``np.random.randn`` after a seed.

    Only for what prints figures that belong to a seed. Without ``np.random.seed`` the figures are
    fresh ones, as in `random_generator`.
    """
    if _is_seeded_by_hand():
        return np.random.RandomState(_shared())
    return np.random.RandomState()


def _shared() -> np.random.BitGenerator:
    """The state of ``np.random`` itself, which NumPy's type hints leave out."""
    return np.random.get_bit_generator()  # type: ignore[attr-defined]


def _is_seeded_by_hand() -> bool:
    """Whether ``np.random.seed`` was called: it forgets what the state was drawn from at first."""
    return getattr(_shared(), "seed_seq", None) is None
