"""Where a submission runs: it sees an interpreter, NumPy, SciPy and one copy of the kit, no more.

`find_sandbox` takes the strongest sandbox that works on this machine. All look the same from
outside, see `autograder.sandbox.base.Sandbox`.
"""

import os
import sys
from collections.abc import Sequence

from cs231n.check.process.command import python_command, site_packages

from ..course.limits import Limits
from ..errors import UserError
from .base import SandboxUnavailableError, worker_options
from .bubblewrap import Bubblewrap
from .landlock import Landlock

SANDBOXES = (Bubblewrap, Landlock)
"""tuple of type : the strongest first."""
HOW_TO_GET_ONE = (
    "on Debian or Ubuntu install bubblewrap (`sudo apt install bubblewrap`); "
    "`autograder doctor` says what is missing; "
    "to grade without protection, pass --allow-unisolated"
)


def find_sandbox(allow_unisolated: bool = False) -> "Bubblewrap | Landlock | Unisolated":
    """Find the strongest sandbox that this machine gives.

    Parameters
    ----------
    allow_unisolated : bool
        Whether a process with limits alone will do, where there is no sandbox.

    Returns
    -------
    sandbox : Bubblewrap, Landlock or Unisolated

    Raises
    ------
    UserError
        If there is no sandbox, and doing without was not allowed.
    """
    reasons = []
    for kind in SANDBOXES:
        try:
            return kind.find()
        except SandboxUnavailableError as reason:
            reasons.append(f"{kind.isolation}: {reason}")
    if allow_unisolated:
        return Unisolated()
    raise UserError(f"no sandbox on this machine ({'; '.join(reasons)}); {HOW_TO_GET_ONE}")


class Unisolated:
    """No sandbox: an ordinary process with limits, for one's own code or for want of better."""

    isolation = "unisolated"
    reusable = False
    python = sys.executable

    def command(
        self, tree: str | os.PathLike[str], limits: Limits, without: Sequence[str] = ()
    ) -> list[str]:
        """list of str : what starts a worker on ``tree``; no library is out of its reach."""
        return python_command(tree, site_packages(), self.python, worker_options(limits))

    def enclose(
        self, arguments: Sequence[str], tree: str | os.PathLike[str] | None = None
    ) -> list[str]:
        """list of str : the program itself."""
        return [str(argument) for argument in arguments]
