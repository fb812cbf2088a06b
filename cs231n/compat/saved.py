"""``save`` and ``load`` of nets and linear classifiers, as notebooks of 2025 and 2026 call them."""

from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoint import load_params, model_state, not_finite, save_params, set_model_state

FOLDER = "saved"
"""str : where the files lie, below the working folder."""


class SavedWeights:
    """Give a model with ``params``, or with one matrix ``W``, the methods ``save`` and ``load``.

    Running statistics of batch normalization are saved with the parameters. Files hold arrays and
    nothing that could run: they are those of `cs231n.checkpoint`, whatever their names end in.
    """

    def save(self, fname: str) -> None:
        """Write the weights to ``saved/fname`` in the working folder, and say so.

        Weights that hold nan or inf are not written, which is said instead.

        Parameters
        ----------
        fname : str
            Name of the file.

        Raises
        ------
        ValueError
            If a linear classifier has no weights yet.
        """
        state = _state(self)
        broken = not_finite(state)
        if broken:
            print(f"{fname} not saved: {broken} holds nan or inf, so training diverged.")
            return
        save_params(Path(FOLDER, fname), state)
        print(fname, "saved.")

    def load(self, fname: str) -> bool:
        """Put the weights of ``saved/fname`` into this model, and say so.

        Parameters
        ----------
        fname : str
            Name of the file.

        Returns
        -------
        found : bool
            False if there is no such file; the model is then unchanged.

        Raises
        ------
        ValueError
            If the file is damaged or its weights do not fit.
        """
        path = Path(FOLDER, fname)
        if not path.exists():
            print(fname, "not available.")
            return False
        _set_state(self, load_params(path))
        print(fname, "loaded.")
        return True


def _state(model: Any) -> dict[str, np.ndarray]:
    if hasattr(model, "params"):
        return model_state(model)
    if model.W is None:
        raise ValueError(
            f"{type(model).__name__}.save: there are no weights yet; call train first."
        )
    return {"W": model.W}


def _set_state(model: Any, state: dict[str, np.ndarray]) -> None:
    if hasattr(model, "params"):
        set_model_state(model, state)
        return
    if list(state) != ["W"] or state["W"].ndim != 2:
        raise ValueError(
            f"{type(model).__name__}.load: the file must hold one matrix W; got "
            f"{', '.join(state)}. It was saved from another kind of model."
        )
    model.W = state["W"]
