"""Where a submission runs: it sees an interpreter, NumPy, SciPy and one copy of the kit, and nothing else.

Each tier is a class with the same three things: ``isolation``, its name in verdicts; ``command``, what starts a worker
in it; and ``enclose``, what runs any other program in it. `find_sandbox` takes the strongest that works here.
"""

import sys

from cs231n.check.process.client import python_command, site_packages

from ..errors import UserError
from .base import Unavailable, worker_options
from .bubblewrap import Bubblewrap
from .landlock import Landlock

TIERS = (Bubblewrap, Landlock)
HOW_TO_GET_ONE = (
    "on Debian or Ubuntu install bubblewrap (`sudo apt install bubblewrap`); `autograder doctor` says what is "
    "missing; to grade without protection, pass --allow-unisolated"
)


def find_sandbox(allow_unisolated=False):
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
    for tier in TIERS:
        try:
            return tier.find()
        except Unavailable as reason:
            reasons.append(f"{tier.isolation}: {reason}")
    if allow_unisolated:
        return Unisolated()
    raise UserError(f"no sandbox on this machine ({'; '.join(reasons)}); {HOW_TO_GET_ONE}")


class Unisolated:
    """No sandbox: an ordinary process with limits. For one's own code, or for want of anything better."""

    isolation, reusable = "unisolated", False
    python = sys.executable

    def command(self, tree, limits, without=()):
        """list of str : what to start for a worker on the submission in ``tree``; no library is out of its reach."""
        return python_command(tree, site_packages(), self.python, worker_options(limits))

    def enclose(self, arguments, tree=None):
        """list of str : the program itself."""
        return [str(argument) for argument in arguments]
