"""``cs231n`` on the command line: check exercises, get data and kits, pack a hand-in, look at the
machine.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

from .cli import Program, run

PROGRAM = Program(
    name="cs231n",
    package="cs231n.commands",
    commands=("check", "data", "start", "carry", "handin", "doctor"),
    description=__doc__,
)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 done, 1 your turn, 3 a bug here, 130 interrupted."""
    sys.exit(run(PROGRAM, argv))


if __name__ == "__main__":
    main()
